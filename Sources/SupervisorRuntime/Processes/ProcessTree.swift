import Glibc
import Linux
import SupervisorCore

/// Finds and signals the processes of a run beside its main one, also those that have left its process group.
///
/// Roostd is a subreaper: whatever loses its parent becomes roostd's own child. So the tree of a run is what descends
/// from its main process, and, once that is gone, those children of roostd that nobody knows and that carry the run's
/// mark (`ROOST_RUN`), process group or session, with all their descendants. The last process of a tree to die is
/// always a child of roostd, so SIGCHLD tells when to look again; nothing is polled.
struct ProcessTree {
    let socketPath: String
    /// Children of roostd that are main processes or probes.
    let isKnown: (Int32) -> Bool

    /// Every live process of the run but its main one.
    func members(of run: LiveRun) -> [Int32] {
        let orphans = strays().filter { belongs($0, to: run) }
        let roots = run.isReaped ? orphans : orphans + [run.pid]
        return (orphans + ProcessFileSystem.descendants(of: roots)).filter { pid in
            statistics(of: pid).map { !$0.isZombie } ?? false
        }
    }

    /// Whether anything of a run is left after its main process. O(children of roostd) when nothing is.
    func isEmpty(after run: LiveRun) -> Bool {
        if let cgroup = run.cgroup, (try? cgroup.isPopulated()) == true { return false }
        return members(of: run).isEmpty
    }

    /// Whether the process surely belongs to the run: it, or one that it descends from, is the main one or in its
    /// process group or session. The mark does not count, for anybody can put it into an environment; nor does
    /// anything once the main process is reaped, when its number may come to mean another.
    func contains(_ pid: Int32, in run: LiveRun) -> Bool {
        guard !run.isReaped else { return false }
        var ancestor = pid
        for _ in 0..<64 where ancestor > 1 {
            if ancestor == run.pid { return true }
            guard let process = statistics(of: ancestor) else { return false }
            if process.processGroup == run.pid || process.session == run.pid { return true }
            ancestor = process.parent
        }
        return false
    }

    /// Sends a signal to all of the run's processes.
    ///
    /// While the main process is not reaped its pid, and so its group's number, cannot be reused. All others are
    /// signalled through a pidfd, after a second look at whether they still belong to the run.
    func send(_ signal: Signal, to run: LiveRun) {
        let members = members(of: run)
        if signal == .kill { try? run.cgroup?.kill() }
        var reachedGroup = false
        if !run.isReaped {
            reachedGroup = kill(-run.pid, signal.number) == 0
            if !reachedGroup { _ = try? run.process.send(signal: signal.number) }
        }
        for pid in members {
            guard let process = try? ProcessDescriptor(pid: pid), let now = statistics(of: pid) else { continue }
            if reachedGroup, now.processGroup == run.pid { continue }
            guard belongs(pid, to: run) || descends(now, from: run, or: members) else { continue }
            _ = try? process.send(signal: signal.number)
        }
    }

    /// Live children of roostd that nobody knows: orphans that came to it as their subreaper.
    func strays() -> [Int32] {
        children(of: getpid()).filter { !isKnown($0) && statistics(of: $0)?.isZombie == false }
    }

    /// "4711 (nginx)", for messages.
    func describe(_ pids: [Int32]) -> String {
        let shown = pids.prefix(8).map { pid in "\(pid) (\(statistics(of: pid)?.command ?? "gone"))" }
        return shown.joined(separator: ", ") + (pids.count > 8 ? " and \(pids.count - 8) more" : "")
    }

    private func descends(_ process: ProcessStatistics, from run: LiveRun, or members: [Int32]) -> Bool {
        process.parent == run.pid || members.contains(process.parent)
    }

    private func belongs(_ pid: Int32, to run: LiveRun) -> Bool {
        guard pid != run.pid, let statistics = statistics(of: pid) else { return false }
        return statistics.processGroup == run.pid || statistics.session == run.pid || hasMark(pid, of: run)
    }

    private func hasMark(_ pid: Int32, of run: LiveRun) -> Bool {
        guard (try? ProcessFileSystem.environmentValue("ROOST_RUN", of: pid)) == run.id.description else {
            return false
        }
        return (try? ProcessFileSystem.environmentValue("ROOST_SOCKET", of: pid)) == socketPath
    }

    // A process that is gone, or that may not be looked at, is none that could be told apart.
    private func statistics(of pid: Int32) -> ProcessStatistics? { try? ProcessFileSystem.statistics(of: pid) }
    private func children(of pid: Int32) -> [Int32] { (try? ProcessFileSystem.children(of: pid)) ?? [] }
}
