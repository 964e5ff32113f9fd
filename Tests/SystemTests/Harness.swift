import ControlProtocol
import Foundation
import Linux
import Synchronization
import SupervisorCore

/// What went wrong in a test's surroundings, or was waited for in vain.
struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// How long a test waits for anything before it fails. Long, for a machine that is busy with other things.
let patience = Duration.seconds(40)

/// Waits for a condition of which nobody sends news.
func eventually(_ what: String, within patience: Duration = patience, _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + patience
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw Unexpected("waited in vain until \(what)") }
        poll(nil, 0, 5)
    }
}

/// The value, once there is one.
func eventually<Value>(
    _ what: String, within patience: Duration = patience, _ value: () throws -> Value?
) throws -> Value {
    var found: Value?
    try eventually(what, within: patience) {
        found = try value()
        return found != nil
    }
    return found!
}

/// Where things are.
enum Places {
    /// The executables lie beside the test bundle.
    static let executables: String = {
        let arguments = ProcessInfo.processInfo.arguments
        let bundle = arguments.first { $0.hasSuffix(".xctest") } ?? Bundle.main.bundlePath
        let beside = URL(fileURLWithPath: bundle).deletingLastPathComponent().path
        return FileSystem.exists("\(beside)/roostd") ? beside : Bundle.main.bundlePath
    }()
    static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    static let workers = "\(package)/Tests/SystemTests/Workers"
    static let python = FileSystem.exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3"

    /// A loopback address that nobody else uses, on which all ports are free.
    static func nextAddress() -> String {
        let number = addresses.wrappingAdd(1, ordering: .relaxed).newValue
        return "127.\(100 + Int(getpid()) / 254 % 100).\(1 + Int(getpid()) % 254).\(1 + number % 254)"
    }
}

private let addresses = Atomic<Int>(0)

/// Whether this environment must be able to run every test.
let isContinuousIntegration = ProcessInfo.processInfo.environment["CI"] == "true"

/// For conditions of tests that need what a machine may not have: says so loudly, and lets them fail where nothing may
/// be missing.
func isAvailable(_ what: String, _ present: Bool) -> Bool {
    if !present { say("SKIPPED, because there is no \(what) here") }
    return present || isContinuousIntegration
}

func say(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }

func contents(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
}
