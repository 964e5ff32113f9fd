import Foundation
import Scheduling
import Testing
import Threading

/// What holds for every schedule, zone and moment. Each complaint tells the seed.
@Suite(.timeLimit(.minutes(10))) struct SchedulePropertyTests {
    private static let seed = ProcessInfo.processInfo.environment["ROOST_SEED"].flatMap(UInt64.init) ?? 20_261_124
    private static let rounds = ProcessInfo.processInfo.environment["ROOST_ROUNDS"].flatMap(Int.init) ?? 10

    @Test func `next is strictly later, and asking from any moment before it gives the same`() throws {
        for (index, name) in ZoneNames.all.enumerated() {
            let rules = try TimeZoneDatabase.rules(named: name)
            var samples = RandomExpressions(seed: Self.seed + UInt64(index))
            for round in 0..<Self.rounds {
                let text = round % 2 == 0 ? samples.calendar() : samples.cron()
                guard let schedule = try? Schedule(text, dialect: round % 2 == 0 ? .calendar : .cron) else { continue }
                let base = samples.time(years: 1900...2400)
                let policy: ClockChangePolicy = round % 3 == 0 ? .skip : .cron
                let surroundings = Schedule.Surroundings(rules: rules, policy: policy, boot: base, start: base)
                guard let next = schedule.next(after: base, in: surroundings) else { continue }
                #expect(next > base, "\(text) in \(name) after \(base), seed \(Self.seed)")
                let distance = (next - base) / .microseconds(1)
                for _ in 0..<4 {
                    let step = Int64(Double.random(in: 0..<1, using: &samples.random) * distance)
                    let between = WallTime(microseconds: base.microseconds + step)
                    guard between < next else { continue }
                    #expect(
                        schedule.next(after: between, in: surroundings) == next,
                        "\(text) in \(name) after \(between), seed \(Self.seed)")
                }
            }
        }
    }

    @Test func `the search finds what looking at each minute finds`() throws {
        for (index, name) in ZoneNames.all.enumerated() where index % 20 == 0 {
            let rules = try TimeZoneDatabase.rules(named: name)
            var samples = RandomExpressions(seed: Self.seed + UInt64(index))
            for _ in 0..<Self.rounds {
                let text = samples.cron()
                guard let cron = try? CronExpression(text) else { continue }
                let reference = SlowCron(text)
                let base = samples.timeNearChange(of: rules)
                let found = cron.next(after: base, in: rules)
                let wanted = reference.next(after: base, in: rules, minutes: 3000)
                let end = base + .seconds(3000 * 60)
                if let wanted {
                    #expect(found == wanted, "\(text) in \(name) after \(base), seed \(Self.seed)")
                } else {
                    #expect(found.map { $0 > end - .seconds(60) } ?? true, "\(text) in \(name) after \(base)")
                }
            }
        }
    }

    @Test func `the normal form is its own normal form`() throws {
        var samples = RandomExpressions(seed: Self.seed)
        var count = 0
        while count < 100 * Self.rounds {
            guard let calendar = try? CalendarExpression(samples.calendar()) else { continue }
            let again = try CalendarExpression(calendar.description)
            #expect(again == calendar)
            #expect(again.description == calendar.description, "seed \(Self.seed)")
            count += 1
        }
    }

    @Test func `no text ends the process`() throws {
        var random = SplitMix64(seed: Self.seed)
        let alphabet = Array("0123456789*-~:,./ @#LWMonFrisatdaily UTC\u{e9}")
        for _ in 0..<(2000 * Self.rounds) {
            let count = Int.random(in: 0...20, using: &random)
            let text = String((0..<count).map { _ in alphabet.randomElement(using: &random) ?? " " })
            for dialect in Schedule.Dialect.allCases {
                do {
                    let schedule = try Schedule(text, dialect: dialect)
                    let surroundings = Schedule.Surroundings(
                        rules: .utc, boot: .init(seconds: 0), start: .init(seconds: 0))
                    _ = schedule.next(after: WallTime(seconds: 1_700_000_000), in: surroundings)
                } catch {
                    #expect(error.column >= 1 && error.column <= text.count + 1, "\(text), seed \(Self.seed)")
                }
            }
        }
    }

    @Test func `never takes no long search, and nothing else does`() throws {
        let clock = ContinuousClock()
        let rules = try TimeZoneDatabase.rules(named: "Europe/Berlin")
        let texts = [
            "*-02-30", "Mon *-02-29", "*-2,4,6,9,11-31", "2030-02-29", "Sun *-03-25..31 02:30", "2199-12-31 23:59:59",
            "*-*-* *:*:*", "Fri *-02-29 12:00",
        ]
        for text in texts {
            let calendar = try CalendarExpression(text)
            for policy in ClockChangePolicy.allCases {
                let base = WallTime(seconds: 1_700_000_000)
                let best = (0..<20).map { _ in
                    clock.measure { _ = calendar.next(after: base, in: rules, policy: policy) }
                }.min()
                // A debug build on a busy machine: what would take milliseconds in a release build shows even so.
                #expect(best ?? .zero < .milliseconds(20), "\(text) \(policy)")
            }
        }
        let skipped = try CalendarExpression("Sun *-03-25..31 02:30")
        #expect(skipped.next(after: WallTime(seconds: 1_700_000_000), in: rules, policy: .skip) == nil)
    }
}

extension RandomExpressions {
    /// Within two days before the clocks are set, if they ever are.
    fileprivate mutating func timeNearChange(of rules: TimeZoneRules) -> WallTime {
        let start = time(years: 1950...2060)
        let day = Duration.seconds(86_400)
        var moment = start
        for _ in 0..<400 where rules.offset(at: moment) == rules.offset(at: start) { moment = moment + day }
        return moment - .seconds(Int64.random(in: 0...(2 * 86_400), using: &random))
    }
}

extension WallTime {
    fileprivate static func - (moment: WallTime, delay: Duration) -> WallTime { moment + (.zero - delay) }
}

/// Looks at each minute, as cron itself does, and knows no bits and no segments.
private struct SlowCron {
    private let words: [String]
    private var isPeriodic: Bool { words[0].hasPrefix("*") || words[1].hasPrefix("*") }

    init(_ text: String) { words = text.split(separator: " ").map(String.init) }

    func next(after base: WallTime, in rules: TimeZoneRules, minutes: Int) -> WallTime? {
        // Before 1970, too, the next whole minute.
        var second = base.seconds - (base.seconds % 60 + 60) % 60 + 60
        for _ in 0..<minutes {
            let before = rules.offset(at: WallTime(seconds: second - 1)).components.seconds
            let now = rules.offset(at: WallTime(seconds: second)).components.seconds
            if now > before, now - before <= 10_800, !isPeriodic {
                // What the clocks leave out.
                if stride(from: second + before, to: second + now, by: 60).contains(where: matches) {
                    return WallTime(seconds: second)
                }
            }
            if matches(second + now), isPeriodic || !wasShown(second + now, before: second, in: rules) {
                return WallTime(seconds: second)
            }
            second += 60
        }
        return nil
    }

    /// Whether the clocks showed this local time in the three hours before.
    private func wasShown(_ local: Int64, before second: Int64, in rules: TimeZoneRules) -> Bool {
        stride(from: second - 60, through: second - 10_800, by: -60).contains { earlier in
            earlier + rules.offset(at: WallTime(seconds: earlier)).components.seconds == local
        }
    }

    private func matches(_ local: Int64) -> Bool {
        let civil = CivilTime(WallTime(seconds: local), in: .utc)
        let month = (1...12).contains(civil.month)
        guard month, holds(words[0], civil.minute, 0...59), holds(words[1], civil.hour, 0...23),
            holds(words[3], civil.month, 1...12)
        else { return false }
        let dayHolds = day(civil)
        let weekdayHolds = weekday(civil)
        return words[2].hasPrefix("*") || words[4].hasPrefix("*")
            ? dayHolds && weekdayHolds : dayHolds || weekdayHolds
    }

    private func day(_ civil: CivilTime) -> Bool {
        let length = Self.length(civil)
        if words[2] == "L" { return civil.day == length }
        if words[2] == "LW" {
            let lastWeekday = (civil.weekday + length - civil.day) % 7
            return civil.day == length - max(0, lastWeekday - 4)
        }
        return holds(words[2], civil.day, 1...31)
    }

    private func weekday(_ civil: CivilTime) -> Bool {
        let sundayFirst = (civil.weekday + 1) % 7
        if let place = words[4].firstIndex(of: "#") {
            return "\(sundayFirst)" == words[4][..<place] && (8...14).contains(civil.day)
        }
        if words[4].hasSuffix("L") { return sundayFirst == 5 && civil.day + 7 > Self.length(civil) }
        return holds(words[4], sundayFirst, 0...6)
            || sundayFirst == 0 && !words[4].hasPrefix("*")
                && holds(words[4], 7, 0...7)
    }

    private static func length(_ civil: CivilTime) -> Int {
        let isLeap = civil.year % 4 == 0 && (civil.year % 100 != 0 || civil.year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][civil.month - 1]
    }

    private func holds(_ word: String, _ value: Int, _ range: ClosedRange<Int>) -> Bool {
        let parts = word.split(separator: "/")
        let step = parts.count > 1 ? Int(parts[1]) ?? 1 : 1
        if parts[0] == "*" { return (value - range.lowerBound) % step == 0 }
        let ends = parts[0].split(separator: "-").compactMap { Int($0) }
        return value >= ends[0] && value <= ends[ends.count - 1] && (value - ends[0]) % step == 0
    }
}
