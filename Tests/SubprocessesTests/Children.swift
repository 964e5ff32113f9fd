import Foundation
import Linux
import Subprocesses
import Testing
import ToolkitTesting

/// Everything that makes processes runs one at a time: the tests look at descriptors and state of the whole process.
@Suite(.serialized, .leavesNothing, .watchdog) enum Spawning {}

/// What a child wrote to its standard output, and how it ended.
struct Finished {
    let output: String
    let status: TerminationStatus

    /// The value of a line `Name:\tvalue`, as in /proc/PID/status.
    func field(_ name: String) -> String? {
        output.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}

func finish(_ request: SpawnRequest) throws -> Finished {
    var request = request
    request.standardOutput = .pipe
    var process = try spawn(request)
    let outputEnd = process.takeOutput()?.release()
    let output = FileHandle(fileDescriptor: try #require(outputEnd), closeOnDealloc: true)
    let bytes = try output.readToEnd() ?? Data()
    return Finished(output: String(decoding: bytes, as: UTF8.self), status: try process.wait())
}

func finish(_ arguments: String..., change: (inout SpawnRequest) -> Void = { _ in }) throws -> Finished {
    var request = SpawnRequest(arguments)
    change(&request)
    return try finish(request)
}

/// A child that does nothing until `end` is called, so that it can be looked at from outside.
func withQuietChild(_ request: SpawnRequest, _ look: (Int32) throws -> Void) throws {
    var request = request
    request.standardInput = .pipe
    var process = try spawn(request)
    let inputEnd = process.takeInput()?.release()
    let input = try #require(inputEnd)
    defer { close(input) }
    do {
        try look(process.pid)
    } catch {
        try process.send(signal: SIGKILL)
        _ = try process.wait()
        throw error
    }
    try process.send(signal: SIGKILL)
    _ = try process.wait()
}

/// The error of a spawn that must fail.
func failure(_ request: SpawnRequest) -> SpawnError? {
    do {
        let process = try spawn(request)
        _ = try? process.send(signal: SIGKILL)
        let end = try? process.wait()
        Issue.record("spawned, and ended with \(String(describing: end))")
        return nil
    } catch {
        return error
    }
}

func failure(_ arguments: String..., change: (inout SpawnRequest) -> Void = { _ in }) -> SpawnError? {
    var request = SpawnRequest(arguments)
    change(&request)
    return failure(request)
}

/// A directory that is gone afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "roost-spawn-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}

func openDescriptors(of pid: Int32 = getpid()) -> [Int32: String] {
    let directory = "/proc/\(pid)/fd"
    var links: [Int32: String] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
        guard let number = Int32(name) else { continue }
        links[number] = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\(name)")
    }
    return links
}

extension Trait where Self == ConditionTrait {
    /// Skips, and says so, for ordinary users; a continuous integration must run as root and fails otherwise.
    static var asRoot: ConditionTrait {
        .enabled(if: geteuid() == 0 || getenv("CI") != nil, "only root can switch users and raise priorities")
    }
}

/// Both ways of making a process: today's kernel's, and the one for old kernels.
let bothWays = [false, true]

/// What the calling thread has used of a processor.
func processorTime() throws -> Duration {
    var time = timespec()
    try #require(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
