extension WheelCore {
    /// What does not hold inside, or nil. For tests: it looks at everything. Complexity: O(n log n).
    func violation() -> String? {
        var live = 0
        var dead = 0
        var earliest: Int64?
        var problem = due.violation(memory) ?? slots.violation(memory)
        due.forEach(memory) { entry in
            if isLive(entry) { live += 1 } else { dead += 1 }
        }
        if due.heap.contains(where: { $0.tick > currentTick }) { problem = "a timer is due before its tick" }
        if let first = due.first(memory), !isLive(first) { problem = "the first due timer was cancelled" }
        for slot in slots.occupiedSlots {
            slots.forEach(in: slot, memory) { entry in
                if isLive(entry) {
                    live += 1
                    earliest = min(earliest ?? .max, entry.deadline)
                } else {
                    dead += 1
                }
                guard entry.tick > currentTick else {
                    problem = "a timer in slot \(slot) is due"
                    return
                }
                let right = WheelSlots.number(of: entry.tick, after: currentTick)
                if right != slot { problem = "a timer of slot \(right) is in slot \(slot)" }
            }
        }
        if live != count { problem = "\(count) timers are counted, but \(live) are there" }
        if dead != cancelled { problem = "\(cancelled) cancelled timers are counted, but \(dead) are there" }
        if let known = earliestInSlots, known.deadline != earliest {
            problem = "the earliest timer is not the known one"
        }
        return problem ?? indexViolation()
    }

    private func indexViolation() -> String? {
        let taken = (0..<indices).count { memory.table[generation: $0] % 2 == 1 }
        if taken != count { return "\(taken) indices are taken by \(count) timers" }
        var isFree = [Bool](repeating: false, count: indices)
        for place in 0..<freed { isFree[Int(memory.freed[place])] = true }
        if isFree.count(where: \.self) != indices - count || freed != indices - count { return "an index was lost" }
        return isFree.indices.contains { isFree[$0] && memory.table[generation: $0] % 2 == 1 }
            ? "a freed index waits" : nil
    }
}

extension DueTimers {
    /// What does not hold of the order, or nil.
    func violation(_ memory: WheelMemory) -> String? {
        let batch = (0..<batchCount).map { memory.batch[$0] }
        if !zip(batch, batch.dropFirst()).allSatisfy({ $1 < $0 }) { return "the batch is not sorted" }
        let isHeap = heap.indices.dropFirst().allSatisfy { heap[($0 - 1) / 2] < heap[$0] }
        return isHeap ? nil : "the heap is none"
    }
}

extension WheelSlots {
    /// What does not hold of the chunks, or nil.
    func violation(_ memory: WheelMemory) -> String? {
        var isUsed = [Bool](repeating: false, count: chunks)
        for slot in 0..<WheelMemory.slots {
            if (memory.ends[slot] > 0) != isOccupied(slot) { return "the bit of slot \(slot) is wrong" }
            var end = Int(memory.ends[slot])
            while end > 0 {
                let chunk = (end - 1) / WheelMemory.chunk
                if isUsed[chunk] { return "slot \(slot) shares a chunk" }
                isUsed[chunk] = true
                end = Int(memory.links[chunk])
                if end % WheelMemory.chunk != 0 { return "a chunk below another is not full" }
            }
        }
        let used = isUsed.count(where: \.self)
        if used != chunksInUse { return "\(chunksInUse) chunks are counted, but \(used) are in use" }
        return freeChunks(memory) == chunks - chunksInUse ? nil : "a chunk was lost"
    }
}
