import SupervisorCore

/// Where queues have put the logs of their tasks in this life: a task that is forgotten after its queue was changed, or
/// taken out of the configuration, has its log where the queue said then.
struct TaskLogPlaces {
    struct Place {
        let policy: LogPolicy
        /// As configured, with `{task}` in it.
        let path: String
        /// In how many slots of its own the path may be.
        var slots: Int
    }

    /// A queue that is changed again and again does not make this grow; the oldest go first.
    private static let most = 16
    private var known: [String: [Place]] = [:]

    mutating func note(_ queues: [QueueDefinition]) {
        for queue in queues {
            var places = known[queue.name] ?? []
            for place in Self.places(queue) {
                if let index = places.firstIndex(where: { $0.path == place.path }) {
                    places[index].slots = max(places[index].slots, place.slots)
                } else {
                    places.append(place)
                }
            }
            known[queue.name] = places.suffix(Self.most)
        }
    }

    mutating func remove(_ queue: String) { known[queue] = nil }

    /// Of a queue that only the store knows, where queues put their logs if they say nothing.
    func places(of queue: String) -> [Place] { known[queue] ?? Self.places(QueueDefinition(name: queue)) }

    static func places(_ queue: QueueDefinition) -> [Place] {
        [queue.log.output, queue.log.error].compactMap { $0 }.filter { $0.contains("{task}") }.map { path in
            Place(policy: queue.log, path: path, slots: path.contains("{in") ? queue.slots : 1)
        }
    }
}
