import Scheduling
import SupervisorCore

/// What every simulated life has: a seed from which all lots are drawn, an agenda, and the first thing that went wrong.
protocol SimulatedLife {
    associatedtype What: Sendable

    var seed: UInt64 { get }
    /// What it is, for a complaint: `queues, life 2`. Empty for the machine as a whole.
    var title: String { get }
    var now: Instant { get }
    var random: SplitMix64 { get set }
    var agenda: Agenda<What> { get set }
    var supervisor: Supervisor { get set }
    var violation: String? { get set }
    /// Everything that happened, a line each; kept only when asked for.
    var history: [String] { get set }
    var keepsHistory: Bool { get }
}

extension SimulatedLife {
    /// When something happens next: by itself, or because a deadline of the supervisor has come.
    mutating func nextMoment() -> Instant? {
        let deadline = supervisor.nextDeadline()
        guard let first = agenda.next else { return deadline }
        return min(first, deadline ?? first)
    }

    mutating func schedule(_ what: What, after delay: Duration) { agenda.add(what, at: now + delay) }

    // MARK: - Drawing lots

    mutating func chance(_ percent: Int) -> Bool { percent > 0 && Int.random(in: 0..<100, using: &random) < percent }

    mutating func draw(upTo limit: Duration) -> Duration {
        .nanoseconds(Int64.random(in: 0...max(1, limit.saturatingNanoseconds), using: &random))
    }

    mutating func weighted(_ weights: [Int]) -> Int {
        var ticket = Int.random(in: 0..<max(1, weights.reduce(0, +)), using: &random)
        for (index, weight) in weights.enumerated() {
            if ticket < weight { return index }
            ticket -= weight
        }
        return 0
    }

    // MARK: - Telling

    mutating func require(_ condition: Bool, _ complaint: @autoclosure () -> String) {
        if !condition { fail(complaint()) }
    }

    /// The first complaint ends the life.
    mutating func fail(_ complaint: String) {
        guard violation == nil else { return }
        let place = title.isEmpty ? "" : ", \(title)"
        violation = "seed \(seed)\(place), at \((now - .origin).text): \(complaint)"
        note("✘ \(complaint)")
    }

    mutating func note(_ line: @autoclosure () -> String) {
        if keepsHistory { history.append("\(now.nanoseconds) \(line())") }
    }
}
