import Scheduling

/// Expressions of both dialects, some of them odd, by a seed.
struct RandomExpressions {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func calendar() -> String {
        var parts: [String] = []
        if chance(4) { parts.append(["Mon", "Sat,Sun", "Mon..Fri", "Tue,Thu..Sat"].randomElement(using: &random)!) }
        if chance(2) {
            let year = chance(6) ? field(1971...2190, star: false) + "-" : chance(2) ? "*-" : ""
            let fromEnd = chance(5)
            let day = fromEnd ? "~" + field(1...28, star: true) : "-" + field(1...31, star: true)
            parts.append(year + field(1...12, star: true) + day)
        }
        let seconds = chance(3) ? ":" + field(0...59, star: true) + (chance(4) ? ",17.25" : "") : ""
        parts.append(
            field(0...23, star: true) + ":" + field(0...59, star: true) + seconds.replacing("*,", with: "0/1,"))
        return parts.joined(separator: " ")
    }

    mutating func cron() -> String {
        let day = chance(8) ? (chance(2) ? "L" : "LW") : cronField(1...31)
        let weekday = chance(8) ? "\(Int.random(in: 0...6, using: &random))#2" : chance(8) ? "5L" : cronField(0...7)
        return "\(cronField(0...59)) \(cronField(0...23)) \(day) \(cronField(1...12)) \(weekday)"
    }

    mutating func time(years: ClosedRange<Int64>) -> WallTime {
        let year: Int64 = 31_556_952
        let range = ((years.lowerBound - 1970) * year)...((years.upperBound - 1970) * year)
        return WallTime(microseconds: Int64.random(in: range, using: &random) * 1_000_000)
    }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    private mutating func field(_ range: ClosedRange<Int>, star: Bool) -> String {
        if star, chance(3) { return "*" }
        return (0..<(chance(3) ? 2 : 1)).map { _ in
            let low = Int.random(in: range, using: &random)
            if chance(4), low < range.upperBound {
                return "\(low)..\(Int.random(in: (low + 1)...range.upperBound, using: &random))"
            }
            return chance(4) && low < range.upperBound && range.lowerBound == 0
                ? "\(low)/\(Int.random(in: 1...(range.upperBound - low), using: &random))" : "\(low)"
        }.joined(separator: ",")
    }

    private mutating func cronField(_ range: ClosedRange<Int>) -> String {
        if chance(2) { return chance(3) ? "*/\(Int.random(in: 1...20, using: &random))" : "*" }
        let low = Int.random(in: range, using: &random)
        return chance(3) ? "\(low)-\(Int.random(in: low...range.upperBound, using: &random))" : "\(low)"
    }
}
