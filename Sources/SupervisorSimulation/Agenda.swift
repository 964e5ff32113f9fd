import Scheduling

/// What will happen in a simulated machine, and when.
///
/// - Complexity: `add` is O(n) by moving, with a search in O(log n); `popDue` is O(1). There are tens of entries.
struct Agenda<What: Sendable>: Sendable {
    private struct Entry: Sendable {
        let at: Instant
        let what: What
    }

    /// The next one last; equal times keep the order in which they were added.
    private var entries: [Entry] = []

    /// When the first one is due; nil when nothing will happen by itself.
    var next: Instant? { entries.last?.at }

    mutating func add(_ what: What, at moment: Instant) {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].at <= moment { high = middle } else { low = middle + 1 }
        }
        entries.insert(Entry(at: moment, what: what), at: low)
    }

    /// Takes out the first one, if its time has come.
    mutating func popDue(at now: Instant) -> What? {
        guard let next, next <= now else { return nil }
        return entries.popLast()?.what
    }

    mutating func keepOnly(_ isKept: (What) -> Bool) { entries.removeAll { !isKept($0.what) } }
}
