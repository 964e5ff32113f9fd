import ControlProtocol
import Scheduling
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_795_341_600_123_456_789, "2026-11-22T10:00:00.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
        (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"), (.max, "2262-04-11T23:47:16.854Z"),
        (.min, "1677-09-21T00:12:43.145Z"),
    ])
    func `a moment is written as RFC 3339`(nanoseconds: Int64, text: String) {
        #expect(Timestamp(nanoseconds: nanoseconds).description == text)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-22T10:00:00.123456789Z", 1_795_341_600_123_456_789),
        ("2026-11-22T11:00:00.5+01:00", 1_795_341_600_500_000_000), ("1970-01-01t00:00:00z", 0),
        ("1969-12-31T16:00:00-08:00", 0),
    ])
    func `RFC 3339 is read`(text: String, nanoseconds: Int64) {
        #expect(Timestamp(text)?.nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-02-03T24:00:00Z", "2026-02-03T00:60:00Z",
        "2026-02-03T00:00:00", "2026-02-03T00:00:00.Z", "2026-02-03T00:00:00Zx", "9999-01-01T00:00:00Z",
        "2026-02-03T00:00:00+1:00", "−026-02-03T00:00:00Z",
    ])
    func `anything else is not read`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `every day of four centuries comes back as itself`() {
        let day: Int64 = 86_400_000_000_000
        for number in stride(from: Int64(-100_000), through: 100_000, by: 7) {
            let moment = Timestamp(nanoseconds: number * day + 123_000_000)
            #expect(Timestamp(moment.description) == moment)
        }
    }

    @Test func `a monotonic moment is told on the wall clock`() {
        let clock = ClockReading(
            monotonic: Instant(nanoseconds: 5_000_000_000), wall: Timestamp(nanoseconds: 100_000_000_000))
        #expect(clock.wall(at: Instant(nanoseconds: 3_000_000_000)).nanoseconds == 98_000_000_000)
        #expect(clock.wall(at: .distantFuture).nanoseconds == .max)
    }
}
