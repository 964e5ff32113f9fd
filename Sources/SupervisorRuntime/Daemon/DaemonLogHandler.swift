import ControlProtocol
import Glibc
import Linux
package import Logging

/// Writes the daemon's own log to standard error, a line a message.
///
/// To the journal each line begins with its priority, as sd-daemon(3) has it; elsewhere with the time and the level.
/// A standard error that nobody empties must not stop the supervisor: a line that cannot be written now is dropped,
/// and the next one that can be says how many were.
package struct DaemonLogHandler: LogHandler {
    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    private let isJournal: Bool
    private let output: Output

    /// What all copies of the handler share. Used by the loop's thread only.
    private final class Output: @unchecked Sendable {
        var dropped = 0
    }

    /// A pipe that is writable takes so much at once (PIPE_BUF), without waiting and in one piece.
    static let longestLine = 4096

    package init() {
        isJournal = DaemonLogHandler.standardErrorIsJournal
        output = Output()
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        write(prefix(event.level) + Self.printable(event.message.description))
    }

    /// On one line, and without what a terminal would obey: names of files and of processes are others' to choose.
    static func printable(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f || $0 == 0xc2 }) else { return text }
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "\n" {
                line.append(contentsOf: " ⏎ ".unicodeScalars)
            } else if scalar.properties.generalCategory == .control, scalar != "\t" {
                line.append("\u{fffd}")
            } else {
                line.append(scalar)
            }
        }
        return String(line)
    }

    private func prefix(_ level: Logger.Level) -> String {
        if isJournal { return "<\(level.priority)>" }
        return "\(Timestamp(nanoseconds: WallClock.now())) \(level.word) "
    }

    private func write(_ line: String) {
        let bytes = Self.bytes(of: line, dropped: output.dropped)
        var poll = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard Glibc.poll(&poll, 1, 0) == 1, poll.revents & Int16(POLLOUT) != 0,
            Glibc.write(STDERR_FILENO, bytes, bytes.count) >= 0
        else {
            output.dropped += 1
            return
        }
        output.dropped = 0
    }

    /// A whole line, cut where it would be too long for one write.
    static func bytes(of line: String, dropped: Int) -> [UInt8] {
        let ending = (dropped > 0 ? " (\(dropped) lines before this one were dropped)" : "") + "\n"
        return Array(line.utf8.prefix(longestLine - ending.utf8.count)) + Array(ending.utf8)
    }

    /// `JOURNAL_STREAM` is "device:inode" of the stream that the service manager connected to the journal.
    private static var standardErrorIsJournal: Bool {
        guard let value = getenv("JOURNAL_STREAM") else { return false }
        // Through /proc, because what standard error is open on may have no other name.
        guard let status = try? FileStatus(path: "/proc/self/fd/\(STDERR_FILENO)") else { return false }
        return String(cString: value) == "\(status.device):\(status.inode)"
    }
}

extension Logger.Level {
    /// As syslog(3) numbers them.
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    fileprivate var word: String {
        switch self {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO"
        case .notice: "NOTICE"
        case .warning: "WARNING"
        case .error: "ERROR"
        case .critical: "CRITICAL"
        }
    }
}
