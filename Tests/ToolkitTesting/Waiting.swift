import Foundation
package import Testing

/// How often a test repeats what depends on the order in which threads happen to run. `ROOST_ROUNDS` sets it.
package let rounds = max(1, ProcessInfo.processInfo.environment["ROOST_ROUNDS"].flatMap(Int.init) ?? 10)

/// Runs what can go wrong in one of many runs, `rounds` times.
package func repeatedly(_ body: (Int) throws -> Void) rethrows {
    for round in 0..<rounds { try body(round) }
}

/// Waits for a condition that is about to come true; a watchdog ends the wait.
package func eventually(
    _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try !condition() {
        try #require(ContinuousClock.now < deadline, "still waiting for: \(what)", sourceLocation: sourceLocation)
        usleep(200)
    }
}

/// How long `body` took, on the monotonic clock.
package func elapsed(_ body: () throws -> Void) rethrows -> Duration {
    try ContinuousClock().measure(body)
}

extension Trait where Self == TimeLimitTrait {
    /// Ends a test that hangs, and leaves those time that repeat themselves through the night, or wait for their turn
    /// on a machine with few processors.
    package static var watchdog: TimeLimitTrait { .timeLimit(.minutes(10 + rounds / 20)) }
}

/// Runs a whole test `rounds` times.
package struct Repetition: TestTrait, TestScoping {
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for _ in 0..<rounds { try await function() }
    }
}

extension Trait where Self == Repetition {
    /// The test is repeated as a whole.
    package static var repeated: Repetition { Repetition() }
}
