import Foundation
import Linux
package import Testing

/// Looks, around each test, whether it left a descriptor, a thread, a child or a name of shared memory behind.
///
/// Only a test that runs alone can be blamed for what is left, so this works where `ROOST_LEAK_CHECK` is set, which
/// `scripts/test` does in a run with `--no-parallel`.
package struct LeakCheck: SuiteTrait, TestTrait, TestScoping {
    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil, ProcessInfo.processInfo.environment["ROOST_LEAK_CHECK"] != nil else {
            return try await function()
        }
        let before = Belongings()
        try await function()
        // Threads that were joined are still on their way out of the kernel for a moment.
        var left = Belongings().without(before)
        try? eventually("nothing is left of \(test.name)", sourceLocation: test.sourceLocation) {
            left = Belongings().without(before)
            return left.isEmpty
        }
        if !left.isEmpty { Issue.record("left behind: \(left)", sourceLocation: test.sourceLocation) }
    }
}

extension Trait where Self == LeakCheck {
    /// No descriptor, thread, child or name of shared memory is left behind by the test.
    package static var leavesNothing: LeakCheck { LeakCheck() }
}

/// What a process has that a test could forget.
private struct Belongings: CustomStringConvertible {
    private var descriptors: [String: String] = [:]
    private var threads: [String: String] = [:]
    private var children: Set<Int32> = []
    /// Files of /dev/shm, and sockets of the abstract namespace with our names.
    private var names: Set<String> = []

    init() {
        for name in entries("/proc/self/fd") {
            let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
            // The one that lists the directory is gone again.
            if let place { descriptors[name] = place }
        }
        // The runtime's own threads come and go as they like. They carry the name of the program.
        let program = word("/proc/self/comm")
        for thread in entries("/proc/self/task") {
            guard let name = word("/proc/self/task/\(thread)/comm"), name != program else { continue }
            // One thread serves all timers, from the first one on; the test library has one of its own, too.
            if name != "timers", !name.hasPrefix("SWT ") { threads[thread] = name }
        }
        names = Set(entries("/dev/shm"))
        let sockets = (try? String(contentsOfFile: "/proc/net/unix", encoding: .utf8)) ?? ""
        for line in sockets.split(separator: "\n") {
            if let name = line.split(separator: " ").last, name.hasPrefix("@roost-") { names.insert(String(name)) }
        }
        children = Set((try? ProcessFileSystem.children(of: getpid())) ?? [])
    }

    func without(_ earlier: Belongings) -> Belongings {
        var new = self
        new.descriptors = descriptors.filter { earlier.descriptors[$0.key] != $0.value }
        new.threads = threads.filter { earlier.threads[$0.key] == nil }
        new.children = children.subtracting(earlier.children)
        new.names = names.subtracting(earlier.names)
        return new
    }

    var isEmpty: Bool { descriptors.isEmpty && threads.isEmpty && children.isEmpty && names.isEmpty }

    var description: String {
        "descriptors \(descriptors), threads \(threads), children \(children.sorted()), names \(names.sorted())"
    }

    private func entries(_ path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }

    private func word(_ path: String) -> String? {
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .newlines)
    }
}
