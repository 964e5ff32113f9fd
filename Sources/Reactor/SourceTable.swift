import Linux

/// The sources of a loop in a slab, found by tokens that outlive them harmlessly.
///
/// The kernel may report a source that was removed a moment ago, in the same batch of events even. Each place of the
/// slab counts its uses, the token carries that count, and so such late news is recognised at one door: `resolve`.
struct SourceTable {
    struct Entry {
        let fd: Int32
        let priority: EventLoop.Priority
        var interest: Readiness
        var trigger: Epoll.Trigger
        let handler: (Readiness) -> Void
    }

    private struct Place {
        var generation: UInt32 = 0
        var entry: Entry?
    }

    private var places: [Place] = []
    private var free: [UInt32] = []

    var count: Int { places.count - free.count }

    mutating func insert(_ entry: Entry) -> EventLoop.Source {
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = UInt32(places.count)
            places.append(Place())
        }
        places[Int(index)].entry = entry
        return EventLoop.Source(index: index, generation: places[Int(index)].generation)
    }

    /// The source that `token` names, or nil when it has been removed.
    subscript(token: EventLoop.Source) -> Entry? {
        get {
            guard token.index < places.count, places[Int(token.index)].generation == token.generation else {
                return nil
            }
            return places[Int(token.index)].entry
        }
        set {
            precondition(self[token] != nil, "only a live source can be changed")
            places[Int(token.index)].entry = newValue
        }
    }

    mutating func remove(_ token: EventLoop.Source) -> Entry? {
        guard let entry = self[token] else { return nil }
        places[Int(token.index)].entry = nil
        places[Int(token.index)].generation &+= 1
        free.append(token.index)
        return entry
    }
}
