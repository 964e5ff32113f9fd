import HeapModule
import Scheduling

/// What is measured.
struct Wheel: Timers {
    var wheel = TimerWheel<UInt64>()

    mutating func reserve(_ count: Int) { wheel.reserveCapacity(count) }

    mutating func insert(_ payload: UInt64, at deadline: Int64) -> TimerWheel<UInt64>.Handle {
        wheel.insert(payload, at: Instant(nanoseconds: deadline))
    }

    mutating func cancel(_ handle: TimerWheel<UInt64>.Handle) -> Bool { wheel.cancel(handle) != nil }

    mutating func nextDeadline() -> Int64? { wheel.nextDeadline()?.nanoseconds }

    mutating func pop(at now: Int64) -> UInt64? { wheel.popDue(at: Instant(nanoseconds: now))?.payload }
}

/// The heap of swift-collections, with a mark for what was cancelled.
struct LazyHeap: Timers {
    struct Entry: Comparable {
        let deadline: Int64
        let number: UInt64
        let index: Int
        let generation: UInt32

        static func < (left: Entry, right: Entry) -> Bool {
            left.deadline == right.deadline ? left.number < right.number : left.deadline < right.deadline
        }
    }

    struct Node {
        var payload: UInt64
        var generation: UInt32
    }

    private var heap = Heap<Entry>()
    private var nodes: [Node] = []
    private var free: [Int] = []
    private var insertions: UInt64 = 0

    mutating func reserve(_ count: Int) {}

    mutating func insert(_ payload: UInt64, at deadline: Int64) -> (index: Int, generation: UInt32) {
        let index = free.popLast() ?? nodes.count
        if index == nodes.count { nodes.append(Node(payload: payload, generation: 0)) }
        nodes[index].payload = payload
        nodes[index].generation += 1
        let generation = nodes[index].generation
        heap.insert(Entry(deadline: deadline, number: insertions, index: index, generation: generation))
        insertions += 1
        return (index, generation)
    }

    mutating func cancel(_ handle: (index: Int, generation: UInt32)) -> Bool {
        guard nodes[handle.index].generation == handle.generation else { return false }
        release(handle.index)
        return true
    }

    private mutating func release(_ index: Int) {
        nodes[index].generation += 1
        free.append(index)
    }

    mutating func nextDeadline() -> Int64? {
        while let first = heap.min {
            if nodes[first.index].generation == first.generation { return first.deadline }
            heap.removeMin()
        }
        return nil
    }

    mutating func pop(at now: Int64) -> UInt64? {
        guard let deadline = nextDeadline(), deadline <= now else { return nil }
        let first = heap.removeMin()
        release(first.index)
        return nodes[first.index].payload
    }
}
