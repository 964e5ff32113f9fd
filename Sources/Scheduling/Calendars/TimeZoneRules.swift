/// What the clocks of one place show at each moment: the rules of a zone of the IANA time zone database.
///
/// UTC falls into segments, and in each of them local time is UTC plus one offset. That is all a schedule needs to
/// know of a zone, so it is all that is kept: no names of its times, no flag that says what is summer.
///
/// The rule after the last known change (the footer of the file) is written out for 400 years, after which the
/// Gregorian calendar repeats itself, so that looking up a moment is one binary search however far away it is.
/// Python's counterpart is `zoneinfo.ZoneInfo`.
public struct TimeZoneRules: Hashable, Sendable {
    /// The name it was asked for by, such as `Europe/Berlin`.
    public let name: String

    /// The first second of each segment; the first is as good as minus infinity. Ascending.
    let starts: [Int64]
    /// Seconds east of UTC in each segment. Neighbours differ.
    let offsets: [Int32]
    /// From this segment on all repeats each 400 years; nil when the last segment goes on for ever.
    let firstRepeated: Int?

    /// Segments in 400 years of a rule: two a year.
    static let segmentsPerCycle = 800
    /// More than any local time is away from UTC, in seconds. A file that says more is refused.
    static let largestOffset: Int32 = 26 * 3600

    /// The rules of the database, read from the bytes of a TZif file (RFC 9636, versions 1 to 4).
    ///
    /// - Parameters:
    ///   - name: what to call it.
    ///   - bytes: the file. Nothing in it is believed without a check.
    /// - Throws: ``TimeZoneError`` when this is no such file, or when the zone counts leap seconds.
    /// - Complexity: O(length of the file), plus a few tens of microseconds for a rule.
    public init(name: String, tzif bytes: [UInt8]) throws(TimeZoneError) {
        var reader = ZoneFileReader(name: name, bytes: bytes)
        let file = try reader.read()
        self.init(name: name, initialOffset: file.initialOffset, changes: file.changes, footer: file.footer)
    }

    /// A zone whose clocks are never changed.
    ///
    /// - Parameters:
    ///   - name: what to call it.
    ///   - offset: how far its clocks are ahead of UTC, in whole seconds and less than 26 hours either way.
    public init(name: String, offset: Duration) {
        let seconds = Int32(clamping: offset.components.seconds)
        precondition(abs(seconds) < Self.largestOffset, "no clock is that far away from UTC")
        self.init(name: name, initialOffset: seconds, changes: [], footer: nil)
    }

    /// Coordinated universal time.
    public static let utc = TimeZoneRules(name: "UTC", offset: .zero)

    init(name: String, initialOffset: Int32, changes: [ZoneFile.Change], footer: ZoneFooter?) {
        self.name = name
        var starts: [Int64] = [.min]
        var offsets = [initialOffset]
        func append(_ change: ZoneFile.Change) {
            guard change.offset != offsets[offsets.count - 1] else { return }
            starts.append(change.time)
            offsets.append(change.offset)
        }
        for change in changes { append(change) }
        switch footer {
        case .changing(let rule):
            // Without any known change the rule is all there is; nobody asks what it was before 1900.
            let last = changes.last?.time ?? CivilDate(year: 1900, month: 1, day: 1).secondsSince1970
            let year = CivilDate(dayNumber: Int(last.dividedDown(by: 86_400))).year
            let before = starts.count
            for change in rule.changes(years: (year - 1)...(year + 403)) where change.time > last {
                if starts.count <= before + Self.segmentsPerCycle { append(change) }
            }
            firstRepeated = before
        case .constant(let offset):
            if changes.isEmpty { offsets[0] = offset }
            firstRepeated = nil
        case nil:
            firstRepeated = nil
        }
        self.starts = starts
        self.offsets = offsets
    }

    /// How far the clocks of the zone are ahead of UTC at a moment, in whole seconds. O(log changes).
    public func offset(at time: WallTime) -> Duration { .seconds(segment(containing: time.seconds).offset) }
}

extension CivilDate {
    /// Midnight UTC at the start of this day.
    var secondsSince1970: Int64 { Int64(dayNumber) * 86_400 }
}

extension TimeZoneRules {
    /// Whether a text may be the name of a zone: letters, digits and `+-_/`, no `..` and no `/` at an end.
    ///
    /// What it names is a file below the folder of the database, and never one outside of it.
    public static func isName(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 255 else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
                        || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || "+-_".utf8.contains(byte)
                }
        }
    }
}
