import Foundation
import Testing

/// roostctl on a terminal of its own, which `script` makes, talked to step by step.
final class TerminalSession {
    private let process = Process()
    private let keyboard = Pipe()
    private let screen = Pipe()
    private(set) var output = ""
    /// Where the next expectation begins to look.
    private var seen = 0

    init(_ command: String, socket: String, directory: String) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
        // Without `exec`, the shell in between would get Ctrl-C too, and end by it.
        process.arguments = ["-qec", "exec \(command)", "/dev/null"]
        process.environment = [
            "ROOST_SOCKET": socket, "PATH": "\(directory):/usr/bin:/bin", "TERM": "xterm", "SHELL": "/bin/sh",
            "HOME": NSTemporaryDirectory(),
        ]
        process.standardInput = keyboard
        process.standardOutput = screen
        try process.run()
    }

    deinit { if process.isRunning { process.terminate() } }

    func type(_ text: String) { keyboard.fileHandleForWriting.write(Data(text.utf8)) }

    /// Waits until the text is on the screen, after what was waited for before.
    func expect(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        while true {
            if let range = output.dropFirst(seen).range(of: text) {
                seen = output.distance(from: output.startIndex, to: range.upperBound)
                return
            }
            try #require(
                read(), "waited in vain for \(text.debugDescription) after \(output)", sourceLocation: sourceLocation)
        }
    }

    /// Waits for the end. The result is roostctl's exit status.
    func end() throws -> Int32 {
        while read() {}
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// More of the output; false at its end, or when none comes for half a minute.
    private func read() -> Bool {
        let handle = screen.fileHandleForReading
        var polled = pollfd(fd: handle.fileDescriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&polled, 1, 30_000) == 1 else { return false }
        let data = handle.availableData
        output += String(decoding: data, as: UTF8.self)
        return !data.isEmpty
    }
}
