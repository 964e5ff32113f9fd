import ControlProtocol
import Foundation
import Linux
import Synchronization
import Testing

/// A daemon on a real socket that answers as a test says, one connection after the other.
final class FakeDaemon: Sendable {
    typealias Answer = @Sendable (Command, MessageID) -> [[UInt8]]

    let path = NSTemporaryDirectory() + "roost-\(UUID().uuidString.prefix(8)).sock"
    private let conversation: Conversation

    /// - Parameter answer: the frames for a request; with none the connection is closed.
    init(_ answer: @escaping Answer) throws {
        conversation = Conversation(listener: try UnixListener(path: path), answer: answer)
        Thread.detachNewThread { [conversation] in conversation.run() }
    }

    deinit { unlink(path) }

    /// What was asked so far.
    var commands: [Command] { conversation.asked.withLock { $0 } }

    /// Waits until the commands that were asked are as they should be.
    func wait(until condition: ([Command]) -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: 30)
        while !condition(commands) {
            try #require(Date() < deadline, "waited in vain; so far \(commands)")
            poll(nil, 0, 1)
        }
    }

    /// Lives as long as its thread, which is as long as the tests.
    private final class Conversation: Sendable {
        let asked = Mutex<[Command]>([])
        private let listener: UnixListener
        private let answer: Answer

        init(listener: consuming UnixListener, answer: @escaping Answer) {
            self.listener = listener
            self.answer = answer
        }

        func run() {
            while true {
                waitUntilReadable(listener.descriptor.raw)
                if let stream = try? listener.accept() { serve(stream) }
            }
        }

        private func serve(_ stream: borrowing UnixStream) {
            var reader = FrameReader()
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                waitUntilReadable(stream.descriptor.raw)
                guard let read = try? stream.descriptor.read(into: &chunk), case .moved(let count) = read else {
                    return
                }
                reader.append(chunk[..<count])
                while let frame = try? reader.next() {
                    guard case .command(let command, let id?) = IncomingRequest(frame: frame) else { return }
                    asked.withLock { $0.append(command) }
                    let frames = answer(command, id)
                    if frames.isEmpty { return }
                    for frame in frames { _ = try? stream.descriptor.send(frame[...]) }
                }
            }
        }

        private func waitUntilReadable(_ fd: Int32) {
            var polled = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
            poll(&polled, 1, -1)
        }
    }
}

/// The built roostctl, run as users run it.
struct RoostctlRun {
    let status: Int32
    let output: String
    let errors: String

    init(_ arguments: [String], socket: String, input: String = "", environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = RoostctlRun.directory.appendingPathComponent("roostctl")
        process.arguments = arguments
        process.environment = environment.merging(["ROOST_SOCKET": socket, "HOME": NSTemporaryDirectory()]) { $1 }
        let (standardInput, standardOutput, standardError) = (Foundation.Pipe(), Foundation.Pipe(), Foundation.Pipe())
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        process.standardError = standardError
        try process.run()
        standardInput.fileHandleForWriting.write(Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        output = String(decoding: standardOutput.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        errors = String(decoding: standardError.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        status = process.terminationStatus
    }

    /// What a bash script prints that finds roostctl in its PATH.
    static func shell(_ script: String, socket: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", script]
        process.environment = ["ROOST_SOCKET": socket, "PATH": "\(directory.path):/usr/bin:/bin"]
        let output = Foundation.Pipe()
        process.standardOutput = output
        try process.run()
        defer { process.waitUntilExit() }
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    /// Where the tests and roostctl were built.
    static var directory: URL {
        URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
    }
}
