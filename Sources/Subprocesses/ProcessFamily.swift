import CLinux
import Linux
import Threading

/// A child and everything that descends from it, to be signalled or killed as a whole.
///
/// Found are: the child, its descendants as `/proc` shows them, what is in its process group or session if it was made
/// to lead one, and what was found in earlier looks and has lost its parent since. What left all of that before the
/// first look, as daemons do that fork twice, is not found; a control group would be needed for it. Where this program
/// has no descriptor left to look at `/proc` with, only the child itself and its group are reached.
struct ProcessFamily {
    private let root: ChildHandle
    private let leadership: Leadership
    /// The start times make sure that a pid still means the same process.
    private var members: [Int32: UInt64] = [:]

    /// What the child was made to lead.
    enum Leadership {
        case none
        case group
        case session
    }

    init(of root: ChildHandle, _ group: Command.ProcessGroup) {
        self.root = root
        switch group {
        case .inherit, .join: leadership = .none
        case .own: leadership = .group
        case .session: leadership = .session
        }
    }

    /// Sends a signal to all that are there.
    mutating func send(signal: Int32) {
        look(stopping: false)
        var reachedGroup = false
        root.whileUncollected {
            reachedGroup = leadership != .none && CLinux.kill(-root.pid, signal) == 0
            if !reachedGroup { _ = try? root.send(signal: signal) }
        }
        for (pid, start) in members {
            // Whoever is in the group has got it already.
            if reachedGroup, (try? ProcessFileSystem.statistics(of: pid))?.processGroup == root.pid { continue }
            ProcessFamily.send(signal, to: pid, startedAt: start)
        }
    }

    /// Kills all of them, so that none can escape by forking meanwhile: each is stopped before its children are listed.
    mutating func kill() {
        look(stopping: true)
        root.whileUncollected {
            if leadership != .none { _ = CLinux.kill(-root.pid, SIGKILL) }
        }
        for (pid, start) in members { ProcessFamily.send(SIGKILL, to: pid, startedAt: start) }
        _ = try? root.send(signal: SIGKILL)
    }

    /// Waits until all that were found have ended, and collects those of them that came to this program as orphans,
    /// which happens where it is process 1 or a subreaper: nobody else would.
    ///
    /// - Returns: false if the deadline passed first: a process in an uninterruptible call, or one that may not be
    ///   killed.
    func awaitEnd(until deadline: Deadline) -> Bool {
        for (pid, start) in members {
            guard let process = ProcessFamily.open(pid, startedAt: start) else { continue }
            if !process.awaitEnd(until: deadline.nanoseconds) { return false }
        }
        if !root.descriptor.awaitEnd(until: deadline.nanoseconds) { return false }
        // Only now has each lost its parent.
        for (pid, start) in members { _ = try? ProcessFamily.open(pid, startedAt: start)?.reap() }
        return true
    }

    // MARK: - Finding them

    /// How often a look is repeated because the one before has found something new.
    private static let mostLooks = 100

    private mutating func look(stopping: Bool) {
        for _ in 0..<ProcessFamily.mostLooks {
            let known = members.count
            var next = Array(members.keys)
            // Its pid is surely its own only until its exit is collected; what it had is then among the members.
            root.whileUncollected {
                if stopping { _ = try? root.send(signal: SIGSTOP) }
                next.append(root.pid)
                if leadership != .none { next += admitLed(stopping: stopping) }
                while let parent = next.popLast() {
                    for pid in (try? ProcessFileSystem.children(of: parent)) ?? [] {
                        let isNew = admit(pid, stopping: stopping) { $0.parent == parent }
                        if isNew { next.append(pid) }
                    }
                }
            }
            if members.count == known { return }
        }
    }

    /// What the child leads, whoever the parents are; only a walk through all processes finds that.
    private mutating func admitLed(stopping: Bool) -> [Int32] {
        let leader = root.pid
        return ((try? ProcessFileSystem.processes()) ?? []).filter { pid in
            // Asked first without a file to read, for hardly any of them belong here.
            pid != leader && (getpgid(pid) == leader || getsid(pid) == leader)
                && admit(pid, stopping: stopping) { $0.processGroup == leader || $0.session == leader }
        }
    }

    /// Takes a process in if it belongs here, and is not in already. Opened first and looked at then, it is the one
    /// that was looked at.
    private mutating func admit(
        _ pid: Int32, stopping: Bool, where belongs: (ProcessStatistics) -> Bool
    ) -> Bool {
        guard members[pid] == nil, let process = try? ProcessDescriptor(pid: pid),
            let statistics = try? ProcessFileSystem.statistics(of: pid), belongs(statistics), !statistics.isZombie
        else { return false }
        members[pid] = statistics.startTime
        if stopping { _ = try? process.send(signal: SIGSTOP) }
        return true
    }

    private static func send(_ signal: Int32, to pid: Int32, startedAt start: UInt64) {
        guard let process = open(pid, startedAt: start) else { return }
        _ = try? process.send(signal: signal)
    }

    private static func open(_ pid: Int32, startedAt start: UInt64) -> ProcessDescriptor? {
        guard let process = try? ProcessDescriptor(pid: pid),
            (try? ProcessFileSystem.statistics(of: pid))?.startTime == start
        else { return nil }
        return process
    }
}
