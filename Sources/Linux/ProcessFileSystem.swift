import CLinux

/// What `/proc/PID/stat` says of a process.
package struct ProcessStatistics: Hashable, Sendable {
    package let pid: Int32
    /// The first 15 bytes of the program's name.
    package let command: String
    /// `R`, `S`, `D`, `Z` (ended, not collected), `T` (stopped) and rarer letters.
    package let state: Character
    package let parent: Int32
    package let processGroup: Int32
    package let session: Int32
    /// In clock ticks since boot. Together with the pid and the boot it names a process, to within one tick.
    package let startTime: UInt64

    package var isZombie: Bool { state == "Z" || state == "X" }

    /// Reads one line of the kernel. The command may contain spaces and brackets: the last bracket ends it.
    init?(line: String) {
        guard let opening = line.firstIndex(of: "("), let closing = line.lastIndex(of: ")"), opening < closing,
            let pid = Int32(line[..<opening].trimmingSpaces())
        else { return nil }
        let fields = line[line.index(after: closing)...].split(whereSeparator: \.isWhitespace)
        // The fields after the command start with number 3; the start time is number 22.
        guard fields.count >= 20, let state = fields[0].first, let parent = Int32(fields[1]),
            let processGroup = Int32(fields[2]), let session = Int32(fields[3]), let startTime = UInt64(fields[19])
        else { return nil }
        self.pid = pid
        self.command = String(line[line.index(after: opening)..<closing])
        self.state = state
        self.parent = parent
        self.processGroup = processGroup
        self.session = session
        self.startTime = startTime
    }
}

/// Bounded reading of `/proc`.
///
/// A process may end between any two calls; then the answer is nil or empty and not an error.
package enum ProcessFileSystem {
    /// The kernel lets arguments and environment be 6 MiB at most.
    private static let argumentLimit = 6 << 20

    /// Every process that this one can see.
    package static func processes() throws(SystemError) -> [Int32] {
        try BoundedFile.names(in: "/proc").compactMap { Int32($0) }
    }

    /// Whether the process, or its zombie, exists.
    package static func exists(_ pid: Int32) -> Bool {
        unsafe access("/proc/\(pid)/stat", F_OK) == 0
    }

    package static func statistics(of pid: Int32) throws(SystemError) -> ProcessStatistics? {
        guard let bytes = try contents("\(pid)/stat", limit: 4096) else { return nil }
        return ProcessStatistics(line: String(decoding: bytes, as: UTF8.self))
    }

    /// The children that any thread of `pid` has, zombies included.
    package static func children(of pid: Int32) throws(SystemError) -> [Int32] {
        let threads: [String]
        do {
            threads = try BoundedFile.names(in: "/proc/\(pid)/task")
        } catch  where isGone(error) {
            return []
        } catch {
            throw error
        }
        var children: [Int32] = []
        for thread in threads {
            guard let bytes = try contents("\(pid)/task/\(thread)/children", limit: 1 << 20) else {
                // Either the thread has just ended or the kernel was built without these files.
                if unsafe access("/proc/thread-self/children", F_OK) == 0 { continue }
                return try childrenByScan(of: pid)
            }
            children += bytes.split(separator: UInt8(ascii: " ")).compactMap {
                Int32(String(decoding: $0, as: UTF8.self))
            }
        }
        return children
    }

    /// The descendants of some processes, zombies included, parents before their children; the processes themselves
    /// not.
    ///
    /// What may not be looked at has no children here. Those who start more processes meanwhile are ahead of any list.
    package static func descendants(of roots: [Int32]) -> [Int32] {
        var found: [Int32] = []
        var seen = Set(roots)
        var next = roots[...]
        // More than any machine has; a bound for a /proc that changes underfoot.
        while let pid = next.popFirst(), found.count < 1 << 20 {
            let children = ((try? children(of: pid)) ?? []).filter { seen.insert($0).inserted }
            found += children
            next += children
        }
        return found
    }

    /// The value of a variable in the environment with which the process was executed.
    ///
    /// - Throws: `EACCES` or `EPERM` for processes of other users.
    package static func environmentValue(_ name: String, of pid: Int32) throws(SystemError) -> String? {
        try environmentValues([name], of: pid)[name]
    }

    /// The values of those of these variables that were in the environment with which the process was executed.
    ///
    /// - Throws: `EACCES` or `EPERM` for processes of other users.
    package static func environmentValues(
        _ names: [String], of pid: Int32
    ) throws(SystemError) -> [String: String] {
        guard let bytes = try contents("\(pid)/environ", limit: argumentLimit) else { return [:] }
        let wanted = names.map { (name: $0, prefix: Array("\($0)=".utf8)) }
        var values: [String: String] = [:]
        for item in bytes.split(separator: 0) {
            guard let (name, prefix) = wanted.first(where: { item.starts(with: $0.prefix) }), values[name] == nil else {
                continue
            }
            values[name] = String(decoding: item.dropFirst(prefix.count), as: UTF8.self)
        }
        return values
    }

    /// The arguments of the process; empty for a kernel thread or a zombie.
    package static func commandLine(of pid: Int32) throws(SystemError) -> [String]? {
        guard let bytes = try contents("\(pid)/cmdline", limit: argumentLimit) else { return nil }
        let text = bytes.last == 0 ? bytes.dropLast() : bytes[...]
        guard !bytes.isEmpty else { return [] }
        return text.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: - How it reads

    /// The same, for kernels that do not list them.
    static func childrenByScan(of pid: Int32) throws(SystemError) -> [Int32] {
        var children: [Int32] = []
        for candidate in try processes() {
            if try statistics(of: candidate)?.parent == pid { children.append(candidate) }
        }
        return children
    }

    /// The bytes of a file below `/proc`; nil if the process is gone.
    private static func contents(_ path: String, limit: Int) throws(SystemError) -> [UInt8]? {
        do {
            return try BoundedFile.read("/proc/\(path)", limit: limit)
        } catch  where isGone(error) {
            return nil
        } catch {
            throw error
        }
    }

    private static func isGone(_ error: SystemError) -> Bool { error.errno == ENOENT || error.errno == ESRCH }
}

extension StringProtocol {
    fileprivate func trimmingSpaces() -> SubSequence {
        let start = firstIndex { $0 != " " } ?? endIndex
        let end = lastIndex { $0 != " " }.map { index(after: $0) } ?? start
        return self[start..<end]
    }
}
