extension WallTime: CustomStringConvertible {
    /// The moment in UTC, as ISO 8601 has it: `2026-03-29T01:00:00Z`.
    public var description: String { CivilTime(self, in: .utc).description }

    /// Reads a moment as ISO 8601 has it: `2026-03-29T03:00:00+02:00`, with a blank instead of `T` if you like, parts
    /// of a second, `Z` or no offset at all, no seconds, no time; or seconds since 1970 after an `@`.
    ///
    /// - Parameters:
    ///   - text: what to read.
    ///   - rules: say what is meant when there is no offset. A time that the clocks leave out stands for the moment
    ///     they are set forward, and one that they show twice for the first.
    /// - Returns: nil when it is no such text, or no such date.
    public init?(_ text: String, in rules: TimeZoneRules = .utc) {
        var scanner = TimeScanner(bytes: Array(text.utf8))
        if scanner.skip("@") {
            let isNegative = scanner.skip("-")
            guard let seconds = scanner.number(1...12), scanner.isAtEnd else { return nil }
            self.init(seconds: Int64(isNegative ? -seconds : seconds))
            return
        }
        guard let local = scanner.dateAndTime() else { return nil }
        if scanner.isAtEnd {
            self = rules.moment(local: local)
        } else {
            guard let offset = scanner.offset(), scanner.isAtEnd else { return nil }
            self.init(microseconds: local - offset * Micro.second)
        }
    }
}

extension TimeZoneRules {
    /// When the clocks first show a local time, or are set forward past it.
    func moment(local: Int64) -> WallTime {
        var segment = segment(
            containing: local.dividedDown(by: Micro.second) - Int64(Self.largestOffset) - ZoneSegment.largestShift)
        while local >= segment.localEnd, let next = self.segment(after: segment) {
            if local < next.localStart { return WallTime(seconds: next.start) }
            segment = next
        }
        return WallTime(microseconds: local - segment.offset * Micro.second)
    }
}

private struct TimeScanner {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// A number of so many digits.
    mutating func number(_ digits: ClosedRange<Int>, in range: ClosedRange<Int> = 0...Int.max) -> Int? {
        let start = position
        var value = 0
        while position < bytes.count, position - start < digits.upperBound,
            bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9")
        {
            value = value * 10 + Int(bytes[position] - UInt8(ascii: "0"))
            position += 1
        }
        return position - start >= digits.lowerBound && range.contains(value) ? value : nil
    }

    /// Microseconds of local time.
    mutating func dateAndTime() -> Int64? {
        guard let year = number(4...4), skip("-"), let month = number(2...2, in: 1...12), skip("-"),
            let day = number(2...2, in: 1...31),
            day <= CivilDate.length(ofMonth: month, isLeap: CivilDate.isLeap(year))
        else { return nil }
        var local = Int64(CivilDate(year: year, month: month, day: day).dayNumber) * Micro.day
        if isAtEnd { return local }
        guard skip("T") || skip(" "), let hour = number(2...2, in: 0...23), skip(":"),
            let minute = number(2...2, in: 0...59)
        else { return nil }
        local += Int64(hour) * Micro.hour + Int64(minute) * Micro.minute
        guard skip(":") else { return local }
        guard let second = number(2...2, in: 0...59) else { return nil }
        local += Int64(second) * Micro.second
        guard skip(".") else { return local }
        let start = position
        guard var part = number(1...6) else { return nil }
        for _ in (position - start)..<6 { part *= 10 }
        return local + Int64(part)
    }

    /// `Z`, `+02:00`, `+0200` or `+02:00:30`, in seconds.
    mutating func offset() -> Int64? {
        if skip("Z") { return 0 }
        let isNegative = skip("-")
        guard isNegative || skip("+"), let hour = number(2...2, in: 0...25) else { return nil }
        let hasColon = skip(":")
        guard let minute = number(2...2, in: 0...59) else { return nil }
        var seconds = hour * 3600 + minute * 60
        if hasColon, skip(":") {
            guard let second = number(2...2, in: 0...59) else { return nil }
            seconds += second
        }
        return Int64(isNegative ? -seconds : seconds)
    }
}
