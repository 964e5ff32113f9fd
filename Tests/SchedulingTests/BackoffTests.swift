import Scheduling
import Testing

@Suite struct BackoffTests {
    @Test func `delays grow by the factor up to the ceiling`() {
        let backoff = Backoff(first: .milliseconds(100), factor: 3, ceiling: .seconds(1))
        var random = SplitMix64(seed: 1)
        let delays = (1...5).map { backoff.delay(attempt: $0, using: &random) }
        #expect(delays == [.milliseconds(100), .milliseconds(300), .milliseconds(900), .seconds(1), .seconds(1)])
    }

    @Test func `the millionth retry waits no longer than the ceiling`() {
        let backoff = Backoff(first: .seconds(1), factor: 1.000001, ceiling: .seconds(2))
        var random = SplitMix64(seed: 1)
        #expect(backoff.delay(attempt: 10_000_000, using: &random) == .seconds(2))
    }

    @Test func `jitter stays within its fraction of the delay`() {
        let backoff = Backoff(first: .seconds(1), ceiling: .seconds(1), jitter: 0.25)
        var random = SplitMix64(seed: 1)
        for _ in 0..<1000 {
            #expect((.milliseconds(750)...(.milliseconds(1250))).contains(backoff.delay(attempt: 1, using: &random)))
        }
    }

    @Test func `nonsense is brought into bounds`() {
        let backoff = Backoff(first: .seconds(-1), factor: 0, ceiling: .seconds(-5), jitter: 7)
        var random = SplitMix64(seed: 1)
        #expect(backoff.jitter == 1)
        #expect(backoff.factor == 1)
        #expect(backoff.delay(attempt: 3, using: &random) == .zero)
    }

    @Test func `a generator gives the published numbers`() {
        var random = SplitMix64(seed: 1_234_567)
        let published: [UInt64] = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        #expect((0..<3).map { _ in random.next() } == published)
    }
}

@Suite struct RestartWindowTests {
    private func at(_ seconds: Int64) -> Instant { .origin + .seconds(seconds) }

    @Test func `as many restarts as the intensity are allowed within the period`() {
        var window = RestartWindow(intensity: 2, period: .seconds(10))
        #expect([0, 1, 2].map { window.record(at: at($0)) } == [true, true, false])
    }

    @Test func `a restart exactly one period ago still counts`() {
        var window = RestartWindow(intensity: 1, period: .seconds(10))
        #expect([0, 10].map { window.record(at: at($0)) } == [true, false])
        let isAllowed = window.record(at: at(21))
        #expect(isAllowed)
    }

    @Test func `an intensity of zero allows none`() {
        var window = RestartWindow(intensity: 0, period: .seconds(10))
        let isAllowed = window.record(at: at(0))
        #expect(!isAllowed)
    }

    @Test func `a reset forgets everything`() {
        var window = RestartWindow(intensity: 1, period: .seconds(10))
        _ = window.record(at: at(0))
        window.reset()
        #expect(window.count(at: at(0)) == 0)
        let isAllowed = window.record(at: at(0))
        #expect(isAllowed)
    }
}

@Suite struct InstantTests {
    @Test func `arithmetic saturates`() {
        #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
        #expect(Instant(nanoseconds: .min) + .seconds(-1) == Instant(nanoseconds: .min))
        #expect(Duration.seconds(Int64.max).saturatingNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).saturatingNanoseconds == .min)
    }

    @Test func `moments are apart by the time between them`() {
        let early = Instant(nanoseconds: 5)
        #expect((early + .milliseconds(3)) - early == .milliseconds(3))
        #expect(early.duration(to: .origin) == .nanoseconds(-5))
    }
}
