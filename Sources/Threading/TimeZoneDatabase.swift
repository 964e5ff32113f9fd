import Glibc
import Linux
public import Scheduling

/// The time zones of the machine: Debian's package `tzdata`.
///
/// Reads files anew at each call and keeps nothing: whoever has many schedules keeps the rules of a zone once, and
/// reads them again when the machine's database was updated.
public enum TimeZoneDatabase {
    /// The rules of a zone, from the folder `TZDIR` names, or else `/usr/share/zoneinfo`.
    ///
    /// - Parameter name: such as `Europe/Berlin`; `UTC` is there without any file. It must be the name of a file in
    ///   the folder: nothing leads out of it.
    /// - Throws: ``Scheduling/TimeZoneError``.
    public static func rules(named name: String) throws(TimeZoneError) -> TimeZoneRules {
        if name == "UTC" { return .utc }
        guard TimeZoneRules.isName(name) else { throw .badName(name) }
        let bytes: [UInt8]
        do {
            bytes = try ZoneFiles.read(named: name)
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR || error.errno == EISDIR { throw .unknown(name) }
            throw .unreadable(name: name, reason: SystemError.text(error.errno))
        }
        return try TimeZoneRules(name: name, tzif: bytes)
    }

    /// The rules of the machine's own zone: `/etc/localtime`, or UTC when there is no such file.
    ///
    /// - Throws: ``Scheduling/TimeZoneError`` when the file is there and makes no sense.
    public static func localRules() throws(TimeZoneError) -> TimeZoneRules {
        let bytes: [UInt8]
        do {
            bytes = try ZoneFiles.readLocal()
        } catch {
            if error.errno == ENOENT { return .utc }
            throw .unreadable(name: ZoneFiles.localTime, reason: SystemError.text(error.errno))
        }
        return try TimeZoneRules(name: "localtime", tzif: bytes)
    }
}
