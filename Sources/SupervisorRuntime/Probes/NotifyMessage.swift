/// What a process says about itself in one datagram of the sd_notify protocol.
///
/// Lines of `KEY=VALUE`. Keys that Roost does not act on, `MAINPID` and `WATCHDOG` among them, are passed over, as
/// sd_notify(3) asks of receivers.
package struct NotifyMessage: Hashable, Sendable {
    /// The longest datagram that is looked at.
    package static let longest = 8 * 1024
    /// The longest status that is kept.
    package static let longestStatus = 1024

    package var isReady = false
    package var isStopping = false
    package var isReloading = false
    package var status: String?

    package init() {}

    /// Parses a datagram. Pure, and defined for any bytes.
    package init(parsing bytes: some Sequence<UInt8>) {
        for line in Array(bytes).split(separator: UInt8(ascii: "\n")) {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = line[(equals + 1)...]
            let isSet = value.elementsEqual("1".utf8)
            switch String(decoding: line[..<equals], as: UTF8.self) {
            case "READY": isReady = isReady || isSet
            case "STOPPING": isStopping = isStopping || isSet
            case "RELOADING": isReloading = isReloading || isSet
            case "STATUS": status = Self.printable(value)
            case _: break
            }
        }
    }

    /// A status ends up on terminals: without control characters, and not too long.
    private static func printable(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(longestStatus), as: UTF8.self)
        let scalars = text.unicodeScalars.filter { $0.properties.generalCategory != .control }
        return String(String.UnicodeScalarView(scalars))
    }
}
