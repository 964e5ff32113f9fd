import Scheduling

/// How likely each fault is in one life, in percent: drawn per seed, so that some lives are all crashes and others
/// all commands.
struct Weights: Sendable {
    var lateWake: Int
    /// The clock that comes with an event is behind one that came before.
    var clockBack: Int
    var spawnFailure: Int
    var slowSpawn: Int
    var crash: Int
    var hang: Int
    var unhealthy: Int
    var stragglers: Int
    /// SIGTERM is ignored.
    var stubborn: Int
    /// SIGKILL does not help for a long time, as with a dead disk.
    var unkillable: Int
    var commandPause: Duration
    /// start, stop, restart, signal, scale, apply, old news
    var commands: [Int]

    init(using random: inout SplitMix64) {
        func percent(_ choices: [Int]) -> Int { choices.randomElement(using: &random) ?? 0 }
        lateWake = percent([0, 0, 0, 1, 5])
        clockBack = percent([0, 0, 0, 5])
        spawnFailure = percent([0, 5, 30, 90])
        slowSpawn = percent([0, 20, 100])
        crash = percent([5, 30, 60, 95])
        hang = percent([0, 5, 40])
        unhealthy = percent([0, 10, 60])
        stragglers = percent([0, 10, 50])
        stubborn = percent([0, 10, 50])
        unkillable = percent([0, 0, 2, 20])
        commandPause = .milliseconds([20, 1000, 30_000, 300_000].randomElement(using: &random) ?? 1000)
        commands = (0..<7).map { _ in Int.random(in: 0...10, using: &random) }
    }
}
