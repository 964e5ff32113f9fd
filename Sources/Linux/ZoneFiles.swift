import CLinux

/// Where the time zone database is. The C library looks at the same places.
package enum ZoneFiles {
    /// What holds for whoever names no zone.
    package static let localTime = "/etc/localtime"

    private static let usualDirectory = "/usr/share/zoneinfo"
    /// The largest file has 4 kB.
    private static let largestFile = 1 << 20

    /// The folder of the database: `TZDIR`, or the usual one.
    package static var directory: String {
        guard let value = unsafe getenv("TZDIR"), unsafe value.pointee != 0 else { return usualDirectory }
        return unsafe String(cString: value)
    }

    /// The bytes of a zone's file. The caller has checked that the name leads nowhere else.
    ///
    /// - Throws: `SystemError` as for any file.
    package static func read(named name: String) throws(SystemError) -> [UInt8] {
        try BoundedFile.read("\(directory)/\(name)", limit: largestFile)
    }

    /// The bytes of the machine's own zone.
    ///
    /// - Throws: `SystemError`; with `ENOENT` on a machine that has none, which is then in UTC.
    package static func readLocal() throws(SystemError) -> [UInt8] {
        try BoundedFile.read(localTime, limit: largestFile)
    }
}
