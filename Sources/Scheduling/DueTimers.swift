/// The timers up to the current tick and a few of the next, in the exact order in which they must fire.
///
/// What comes out of a slot comes in a batch, an array that is kept sorted; what is set for now or for the past goes
/// into a binary heap beside it. Cancelled timers stay inside until they surface; the wheel recognises them.
struct DueTimers: Sendable {
    /// How many of the batch, which is in `WheelMemory`, are left.
    private(set) var batchCount = 0
    private(set) var heap: [TimerEntry] = []

    @inline(__always)
    var isEmpty: Bool { batchCount == 0 && heap.isEmpty }

    @inline(__always)
    func first(_ memory: WheelMemory) -> TimerEntry? {
        guard batchCount > 0 else { return heap.first }
        let next = memory.batch[batchCount &- 1]
        guard let early = heap.first, early < next else { return next }
        return early
    }

    /// Calls `body` with each timer, in no order.
    func forEach(_ memory: WheelMemory, _ body: (TimerEntry) -> Void) {
        for place in 0..<batchCount { body(memory.batch[place]) }
        for entry in heap { body(entry) }
    }

    mutating func insert(_ entry: TimerEntry) {
        heap.append(entry)
        siftUp(from: heap.count - 1)
    }

    /// Puts a timer where it belongs in a short batch.
    @inline(__always)
    mutating func insertIntoBatch(_ entry: TimerEntry, _ memory: inout WheelMemory) {
        memory.batch.grow(beyond: batchCount, atLeast: 2 * WheelMemory.chunk)
        var place = batchCount
        while place > 0, memory.batch[place &- 1] < entry {
            memory.batch[place] = memory.batch[place &- 1]
            place &-= 1
        }
        memory.batch[place] = entry
        batchCount &+= 1
    }

    /// Adds a timer to a batch, which `sortBatch` then brings into order.
    @inline(__always)
    mutating func addToBatch(_ entry: TimerEntry, _ memory: inout WheelMemory) {
        memory.batch.grow(beyond: batchCount, atLeast: WheelMemory.chunk)
        memory.batch[batchCount] = entry
        batchCount &+= 1
    }

    /// - Complexity: O(n) where all were set in order or in reverse, otherwise O(n log n).
    func sortBatch(_ memory: WheelMemory) {
        guard batchCount > 1 else { return }
        var entries = (0..<batchCount).map { memory.batch[$0] }
        entries.sort { $1 < $0 }
        for (place, entry) in entries.enumerated() { memory.batch[place] = entry }
    }

    /// Removes what `first` returned.
    @inline(__always)
    mutating func removeFirst(_ memory: WheelMemory) {
        if batchCount > 0 {
            guard let early = heap.first, early < memory.batch[batchCount &- 1] else {
                batchCount &-= 1
                return
            }
        }
        removeFirstOfHeap()
    }

    private mutating func removeFirstOfHeap() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        siftDown(from: 0)
    }

    /// Keeps only what `isLive` holds for. Complexity: O(n).
    mutating func removeAll(_ memory: WheelMemory, except isLive: (TimerEntry) -> Bool) {
        var kept = 0
        for place in 0..<batchCount where isLive(memory.batch[place]) {
            memory.batch[kept] = memory.batch[place]
            kept += 1
        }
        batchCount = kept
        heap.removeAll { !isLive($0) }
        for position in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(from: position) }
    }

    private mutating func siftUp(from start: Int) {
        var position = start
        let entry = heap[position]
        while position > 0 {
            let parent = (position - 1) / 2
            guard entry < heap[parent] else { break }
            heap[position] = heap[parent]
            position = parent
        }
        heap[position] = entry
    }

    private mutating func siftDown(from start: Int) {
        var position = start
        let entry = heap[position]
        while true {
            var child = 2 * position + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < entry else { break }
            heap[position] = heap[child]
            position = child
        }
        heap[position] = entry
    }
}
