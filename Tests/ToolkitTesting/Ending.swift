import Foundation
import Subprocesses

/// How a program of `toolkit-endings` ended, and what it said.
package struct Ending {
    /// The code with which it ended; nil if a signal ended it.
    package let code: Int32?
    /// Whether a precondition ended it: by the trap that Swift makes of one.
    package let isTrap: Bool
    /// The lines of its standard output.
    package let output: [String]
    /// The lines of its standard error.
    package let errors: [String]

    /// Runs a program to its end; one that does not end is killed, and its status shows it.
    package init(of scenario: String) throws {
        let arguments = ProcessInfo.processInfo.arguments
        let bundle = arguments.first { $0.hasSuffix(".xctest") } ?? Bundle.main.bundlePath
        let beside = URL(fileURLWithPath: bundle).deletingLastPathComponent().path
        let isBeside = FileManager.default.fileExists(atPath: "\(beside)/toolkit-endings")
        let folder = isBeside ? beside : Bundle.main.bundlePath
        // Printing a backtrace of an expected crash takes seconds. The end of the time limit is for the tests to see.
        let command = Command(["timeout", "--signal=KILL", "60", "\(folder)/toolkit-endings", scenario]) {
            $0.environment = .inherit.adding("SWIFT_BACKTRACE", "enable=no")
        }
        let ended = try run(command, output: .capture, error: .capture)
        switch ended.status {
        case .exited(let code): (self.code, isTrap) = (code, false)
        case .signaled(let signal, _): (code, isTrap) = (nil, signal == SIGILL || signal == SIGTRAP)
        case .unknown: (code, isTrap) = (nil, false)
        }
        output = Ending.lines(ended.output)
        errors = Ending.lines(ended.error)
    }

    private static func lines(_ bytes: [UInt8]?) -> [String] {
        String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
