import Scheduling

extension Duration {
    /// For people, in two units at most, the rest cut off: "150ms", "3.2s", "1m 5s", "2h 3m", "1d 4h".
    package var text: String {
        let nanoseconds = saturatingNanoseconds
        if nanoseconds < 0 { return "-\((.zero - self).text)" }
        let seconds = nanoseconds / 1_000_000_000
        switch nanoseconds {
        case 0: return "0s"
        case ..<1_000_000: return "\(nanoseconds / 1000)us"
        case ..<10_000_000: return Self.tenths(nanoseconds / 100_000) + "ms"
        case ..<1_000_000_000: return "\(nanoseconds / 1_000_000)ms"
        case ..<60_000_000_000: return Self.tenths(nanoseconds / 100_000_000) + "s"
        case ..<3_600_000_000_000: return Self.pair(seconds / 60, "m", seconds % 60, "s")
        case ..<86_400_000_000_000: return Self.pair(seconds / 3600, "h", seconds / 60 % 60, "m")
        case _: return Self.pair(seconds / 86_400, "d", seconds / 3600 % 24, "h")
        }
    }

    private static func tenths(_ count: Int64) -> String {
        count % 10 == 0 ? "\(count / 10)" : "\(count / 10).\(count % 10)"
    }

    private static func pair(_ large: Int64, _ largeUnit: String, _ small: Int64, _ smallUnit: String) -> String {
        small == 0 ? "\(large)\(largeUnit)" : "\(large)\(largeUnit) \(small)\(smallUnit)"
    }
}
