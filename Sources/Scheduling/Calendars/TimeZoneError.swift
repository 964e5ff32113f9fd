/// Why the rules of a time zone cannot be used.
public enum TimeZoneError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes are none of a TZif file, or contradict themselves.
    case malformed(name: String, reason: String)
    /// The zone counts leap seconds, as those below `right/` do; the clock of the machine does not.
    case countsLeapSeconds(name: String)
    /// What was asked for is no name of a zone.
    case badName(String)
    /// There is no such zone in the database.
    case unknown(String)
    /// The file of the zone is there and cannot be read.
    case unreadable(name: String, reason: String)

    /// What is wrong and what to do about it.
    public var description: String {
        switch self {
        case .malformed(let name, let reason):
            "cannot read the rules of the time zone \(name): \(reason); reinstall tzdata"
        case .countsLeapSeconds(let name):
            "cannot use the time zone \(name): it counts leap seconds, as the clock does not; leave out right/"
        case .badName(let name):
            "cannot find the time zone \(name): a name is one such as Europe/Berlin; see timedatectl list-timezones"
        case .unknown(let name):
            "cannot find the time zone \(name): names are such as Europe/Berlin, capitals count; "
                + "see timedatectl list-timezones, or install tzdata"
        case .unreadable(let name, let reason):
            "cannot read the time zone \(name): \(reason); see that the file may be read"
        }
    }
}
