/// The timers whose tick has come, in the exact order in which they must fire.
///
/// A binary heap on (deadline, key). Cancelled timers stay inside until they surface; the wheel recognises them by
/// their generation and asks for `removeAll(where:)` when they become the majority.
struct DueHeap: Sendable {
    struct Entry: Sendable {
        let deadline: Int64
        /// Priority and insertion number in one comparable word.
        let key: UInt64
        let index: UInt32
        let generation: UInt32

        static func < (left: Entry, right: Entry) -> Bool {
            left.deadline == right.deadline ? left.key < right.key : left.deadline < right.deadline
        }
    }

    private var entries: [Entry] = []

    var first: Entry? { entries.first }
    var count: Int { entries.count }

    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        siftUp(from: entries.count - 1)
    }

    mutating func removeFirst() {
        let last = entries.removeLast()
        guard !entries.isEmpty else { return }
        entries[0] = last
        siftDown(from: 0)
    }

    /// Drops the entries that `isDead` says are cancelled. Complexity: O(n).
    mutating func removeAll(where isDead: (Entry) -> Bool) {
        entries.removeAll(where: isDead)
        for position in stride(from: entries.count / 2 - 1, through: 0, by: -1) { siftDown(from: position) }
    }

    private mutating func siftUp(from start: Int) {
        var position = start
        while position > 0 {
            let parent = (position - 1) / 2
            guard entries[position] < entries[parent] else { return }
            entries.swapAt(position, parent)
            position = parent
        }
    }

    private mutating func siftDown(from start: Int) {
        var position = start
        while true {
            var smallest = position
            let left = 2 * position + 1
            let right = left + 1
            if left < entries.count, entries[left] < entries[smallest] { smallest = left }
            if right < entries.count, entries[right] < entries[smallest] { smallest = right }
            if smallest == position { return }
            entries.swapAt(position, smallest)
            position = smallest
        }
    }
}
