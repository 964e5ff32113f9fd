import ControlProtocol
import Foundation
import Reactor
import Scheduling
import Testing

@testable import SupervisorCore
@testable import SupervisorRuntime

@Suite struct ControlExampleTests {
    private let documents = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../docs").standardizedFileURL

    @Test func `the documented client in Python works`() throws {
        let harness = try ControlHarness()
        let python = Process()
        python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        python.arguments = ["python3", documents.appendingPathComponent("examples/client.py").path, harness.path]
        let output = Foundation.Pipe()
        python.standardOutput = output
        try python.run()

        try harness.wait { !harness.delegate.held.isEmpty }
        #expect(harness.delegate.held[0].command == .status(names: []))
        let report = InstanceReport(
            instance: InstanceID(worker: "web", index: 0), state: .running, pid: 4711, run: 1, since: .origin,
            restarts: 0, recentFailures: 0, nextAttempt: nil, waitingFor: [], lastExit: nil, reason: "")
        let clock = ClockReading(monotonic: .origin, wall: Timestamp(nanoseconds: 0))
        harness.server.answer(
            harness.delegate.held[0].token,
            StatusResult(instances: [InstanceStatus(report, clock: clock)], daemon: RecordingDelegate.version))
        try harness.wait { !python.isRunning }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(text == "web:0 running 4711\n")
    }

    @Test func `the client in the protocol's page is the one that works`() throws {
        let page = try String(contentsOf: documents.appendingPathComponent("control-protocol.md"), encoding: .utf8)
        let client = try String(contentsOf: documents.appendingPathComponent("examples/client.py"), encoding: .utf8)
        #expect(page.contains("```python\n\(client)```"))
        #expect(client.split(separator: "\n", omittingEmptySubsequences: false).count <= 16)
    }

    @Test func `the protocol's page has every method, every error and every kind of event`() throws {
        let page = try String(contentsOf: documents.appendingPathComponent("control-protocol.md"), encoding: .utf8)
        for method in Command.Method.allCases {
            let title = page.split(separator: "\n").contains { line in
                line.hasPrefix("### ") && line.dropFirst(4).split(separator: ", ").contains { $0 == method.rawValue }
            }
            #expect(title, "\(method)")
        }
        for code in ControlError.Code.allCases { #expect(page.contains("| \(code.rawValue) |"), "\(code)") }
        for kind in Announcement.Kind.allCases {
            let last = kind.rawValue.split(separator: ".").last ?? ""
            #expect(page.contains(".\(last)`"), "\(kind)")
        }
    }
}
