import ControlProtocol
import Foundation
import SupervisorCore
import Testing

/// No line is lost when a run ends, whatever ends it.
@Suite struct DrainTests {
    private static let lines = 100_000
    private static let chatter = """
        import sys
        sys.stdout.write(''.join(f'line {number}\\n' for number in range(100_000)))
        sys.stdout.flush()
        """

    private func worker(_ then: String, rotateSize: String = "200K") -> String {
        """
        [worker.chatter]
        command = ["$PYTHON", "-S", "-c", '''
        \(Self.chatter)
        \(then)
        ''']
        restart = "never"
        log = { path = "chatter.log", rotate_size = "\(rotateSize)", keep = 50 }
        """
    }

    /// All lines in the files, the oldest first.
    private func logged(_ roost: Roost) throws -> [Substring] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(roost.path)/log")
        let rotated = names.filter { $0.hasPrefix("chatter.log.") }
            .sorted { Int($0.split(separator: ".").last!)! > Int($1.split(separator: ".").last!)! }
        let text = (rotated + ["chatter.log"]).map { contents("\(roost.path)/log/\($0)") }.joined()
        return text.split(separator: "\n")
    }

    private func expectAll(_ roost: Roost) throws {
        let logged = try logged(roost)
        #expect(logged.count == Self.lines)
        #expect(logged.elementsEqual((0..<Self.lines).lazy.map { "line \($0)" }, by: { $0 == $1 }))
    }

    @Test func `a worker that says much and ends at once is heard to the end, over rotations`() throws {
        try withRoost(worker("")) { roost in
            try roost.event(.exited, "chatter:0")
            try eventually("all is in the log") { try logged(roost).count >= Self.lines }
            try expectAll(roost)
            #expect(try roost.ctl(["logs", "-n", "1", "chatter"]).output.hasSuffix("line 99999\n"))
        }
    }

    @Test func `a worker that says much when it is stopped is heard to the end`() throws {
        let waiting = "import signal; signal.pause()"
        try withRoost(worker(waiting).replacing("import sys\n", with: stopping)) { roost in
            _ = try roost.file("up")
            _ = try roost.call(.stop(names: ["chatter"], wait: .untilDone(timeout: nil)))
            try eventually("all is in the log") { try logged(roost).count >= Self.lines }
            try expectAll(roost)
        }
    }

    @Test func `a worker that says much at the shutdown is heard to the end`() throws {
        try withRoost(worker("import signal; signal.pause()").replacing("import sys\n", with: stopping)) { roost in
            _ = try roost.file("up")
            try roost.stop()
            try expectAll(roost)
        }
    }

    /// Makes the chatter wait for TERM, and end right after it.
    private let stopping = """
        import os, signal, sys
        signal.signal(signal.SIGTERM, lambda *_: None)
        open('$DIR/up', 'w').write('up')
        signal.pause()
        signal.pause = lambda: os._exit(0)

        """
}
