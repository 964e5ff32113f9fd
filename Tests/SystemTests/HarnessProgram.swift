import Foundation
import Linux
import Subprocesses

/// A process that a test has started. Killed at the latest when the test lets go of it.
final class Program {
    let process: SpawnedProcess
    private(set) var status: TerminationStatus?

    init(_ request: SpawnRequest) throws { process = try spawn(request) }

    deinit {
        if status == nil {
            process.send(ignoringErrors: SIGKILL)
            _ = try? process.wait()
        }
    }

    var pid: Int32 { process.pid }

    func send(_ signal: Int32) throws { try process.send(signal: signal) }

    /// Waits for its end.
    func wait(within patience: Duration = patience) throws -> TerminationStatus {
        if let status { return status }
        let pidfd = try ProcessDescriptor(pid: pid)
        var waited = pollfd(fd: pidfd.raw, events: Int16(POLLIN), revents: 0)
        poll(&waited, 1, Int32(patience.components.seconds * 1000))
        guard let end = try process.poll() else { throw Unexpected("waited in vain until process \(pid) ended") }
        status = end
        return end
    }

    /// Runs a program to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], input: String? = nil
    ) throws -> (code: Int32, output: String, errors: String) {
        let directory = try TemporaryDirectory()
        var request = SpawnRequest(arguments)
        request.environment = .extend(environment)
        request.standardInput = .null
        if let input {
            try write(input, to: "\(directory.path)/in")
            request.standardInput = .file("\(directory.path)/in")
        }
        request.standardOutput = .file("\(directory.path)/out", .truncate)
        request.standardError = .file("\(directory.path)/err", .truncate)
        let status = try Program(request).wait()
        guard case .exited(let code) = status else { throw Unexpected("\(arguments) was ended: \(status)") }
        return (code, contents("\(directory.path)/out"), contents("\(directory.path)/err"))
    }
}

extension SpawnedProcess {
    fileprivate borrowing func send(ignoringErrors signal: Int32) { _ = try? send(signal: signal) }
}

/// Removed with all that is in it when nobody needs it any more.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/roost-system-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Unexpected("cannot make a temporary directory: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Workers of other users have their things here, too.
        chmod(path, 0o755)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// What the kernel says of processes that roostd started.
enum Processes {
    /// Every live process that carries this mark in its environment or its arguments.
    static func carrying(_ mark: String) -> [Int32] {
        let all = (try? ProcessFileSystem.processes()) ?? []
        return all.filter { pid in
            guard pid != getpid(), isAlive(pid) else { return false }
            if let value = try? ProcessFileSystem.environmentValue("ROOST_SOCKET", of: pid), value.contains(mark) {
                return true
            }
            return (try? ProcessFileSystem.commandLine(of: pid))?.contains { $0.contains(mark) } ?? false
        }
    }

    static func isAlive(_ pid: Int32) -> Bool {
        (try? ProcessFileSystem.statistics(of: pid)).flatMap { $0 }.map { !$0.isZombie } ?? false
    }

    static func describe(_ pids: [Int32]) -> String {
        pids.map { pid in
            let arguments = (try? ProcessFileSystem.commandLine(of: pid)).flatMap { $0 } ?? []
            return "\(pid) (\(arguments.joined(separator: " ").prefix(200)))"
        }.joined(separator: ", ")
    }

    static func openDescriptors(of pid: Int32) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
        return names.sorted().compactMap { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(name)")).map {
                "\(name) \($0)"
            }
        }
    }
}
