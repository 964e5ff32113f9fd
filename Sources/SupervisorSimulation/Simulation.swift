/// Many lives, one after the other.
package enum Simulation {
    /// What became of some lives.
    package struct Outcome: Sendable {
        /// The first complaint, with the seed that repeats it.
        package var violation: String?
        /// Of all that happened. Equal in every process, or something drew its order from outside.
        package var digest = Digest()
        package var events = 0
    }

    /// Lives through each seed until the first complaint. Every 64th seed is lived twice, and both must be the same.
    ///
    /// - Parameter willLive: told each seed before its life, so that even a crash can be traced to it.
    package static func live(seeds: Range<UInt64>, willLive: (UInt64) -> Void = { _ in }) -> Outcome {
        var outcome = Outcome()
        for seed in seeds {
            willLive(seed)
            let world = life(seed)
            let queues = queueLife(seed)
            outcome.digest.feed(world.digest.value)
            outcome.digest.feed(queues.digest.value)
            outcome.events += world.eventCount + queues.eventCount
            outcome.violation = world.violation ?? queues.violation
            if outcome.violation == nil, seed % 64 == 0 {
                let isSame = life(seed).digest == world.digest && queueLife(seed).digest == queues.digest
                if !isSame { outcome.violation = "seed \(seed): two lives of it differ" }
            }
            if outcome.violation == nil { livePool(seed, &outcome) }
            if outcome.violation != nil { break }
        }
        return outcome
    }

    /// Each seed is also one life of a pool.
    private static func livePool(_ seed: UInt64, _ outcome: inout Outcome) {
        let pool = poolLife(seed)
        outcome.digest.feed(pool.digest.value)
        outcome.events += pool.eventCount
        outcome.violation = pool.violation
        if outcome.violation == nil, seed % 64 == 0, poolLife(seed).digest != pool.digest {
            outcome.violation = "seed \(seed): two lives of its pool differ"
        }
    }

    private static func poolLife(_ seed: UInt64) -> SimulatedPool {
        var pool = SimulatedPool(seed: seed)
        pool.run()
        return pool
    }

    /// The first complaint of any of these lives.
    package static func firstViolation(seeds: Range<UInt64>, willLive: (UInt64) -> Void = { _ in }) -> String? {
        live(seeds: seeds, willLive: willLive).violation
    }

    private static func queueLife(_ seed: UInt64) -> QueueWorld {
        var world = QueueWorld(seed: seed)
        world.run()
        return world
    }

    private static func life(_ seed: UInt64) -> SimulatedWorld {
        var world = SimulatedWorld(seed: seed)
        world.run()
        return world
    }
}
