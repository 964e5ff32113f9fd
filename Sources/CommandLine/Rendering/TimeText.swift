import ControlProtocol

/// Times and durations for people.
enum TimeText {
    /// "12s", "4m 05s", "2h 13m", "3d 04h": two units are enough to act on.
    static func span(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m \(twoDigits(seconds % 60))s"
        case ..<86_400: return "\(seconds / 3600)h \(twoDigits(seconds / 60 % 60))m"
        case _: return "\(seconds / 86_400)d \(twoDigits(seconds / 3600 % 24))h"
        }
    }

    /// The same, finer where a second is much: "36ms", "2.4s".
    static func brief(_ duration: Duration) -> String {
        guard duration < .seconds(10), duration >= .zero else { return span(duration) }
        if duration < .seconds(1) { return "\(Int64(duration / .milliseconds(1)))ms" }
        let tenths = Int64(duration / .milliseconds(100))
        return "\(tenths / 10).\(tenths % 10)s"
    }

    /// How long until then, rounded up: "now" only when it is due.
    static func until(_ moment: Timestamp, from now: Timestamp) -> String {
        let distance = moment.since(now)
        return distance <= .zero ? "now" : "in \(span(distance + .milliseconds(999)))"
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
