/// Many lives, one after the other.
package enum Simulation {
    /// Lives through each seed and returns the first complaint, with the seed that repeats it.
    ///
    /// Every 64th seed is lived twice, and both traces must be the same, byte for byte.
    package static func firstViolation(seeds: Range<UInt64>) -> String? {
        for seed in seeds {
            var world = SimulatedWorld(seed: seed)
            world.run()
            if let violation = world.violation { return violation }
            guard seed % 64 == 0 else { continue }
            var again = SimulatedWorld(seed: seed)
            again.run()
            if again.digest != world.digest { return "seed \(seed): two runs of it differ" }
        }
        return nil
    }
}
