import Glibc
import Linux
import Logging
import Reactor
import Scheduling
import SupervisorCore

/// Ends what an earlier roostd has left of a queue's tasks, before the queue may start anything: a task that is still
/// at work must not be there twice.
///
/// Such processes are no children of this roostd. They are known by the marks in their environment, by descent from one
/// that is marked, by being in its session, and by their cgroup. Each is watched until it is gone. Nothing is polled:
/// the end of the last one is the moment to look again. Queues that are to be looked at in the same turn of the loop
/// share one look at all processes. None of them is between clone and exec, and so without a mark: it would hold the
/// control channel's lock, and this roostd would not have come so far.
final class Sweeps {
    /// After so long without an end an operator should know.
    private static let patience = Duration.seconds(10)
    /// When no descriptor is left to look or to watch with, which nobody tells.
    private static let retryDelay = Duration.milliseconds(200)

    private let loop: EventLoop
    private let logger: Logger
    private let socketPath: String
    private let processes: ProcessTable
    private let isDone: (String) -> Void
    private var going: [String: Sweep] = [:]
    /// Queues to be looked at in the next turn, in order.
    private var dirty: [String] = []

    init(
        loop: EventLoop, logger: Logger, socketPath: String, processes: ProcessTable,
        isDone: @escaping (String) -> Void
    ) {
        self.loop = loop
        self.logger = logger
        self.socketPath = socketPath
        self.processes = processes
        self.isDone = isDone
    }

    /// A process that has been killed and is not gone yet.
    private final class Doomed {
        let process: ProcessDescriptor
        var source: EventLoop.Source?

        init(_ pid: Int32) throws(SystemError) { process = try ProcessDescriptor(pid: pid) }
    }

    private final class Sweep {
        let queue: String
        /// If set, these runs only.
        let runs: Set<RunID>?
        let marks: Set<String>
        var doomed: [Int32: Doomed] = [:]
        var groups: [ControlGroup: GroupWatch] = [:]
        /// Groups without processes, which need not be there any more.
        var emptied: Set<ControlGroup> = []
        var warning: EventLoop.TimerHandle?

        init(queue: String, runs: Set<RunID>?) {
            self.queue = queue
            self.runs = runs
            marks = Set((runs ?? []).map(\.description))
        }

        var isWaiting: Bool { !doomed.isEmpty || !groups.isEmpty }
    }

    /// Ends what is left of a queue. `isDone` is told when nothing is, in a later turn of the loop.
    ///
    /// - Parameter runs: if given, only processes of these runs are meant; others may be there on purpose.
    func begin(_ queue: String, only runs: Set<RunID>?) {
        if let old = going[queue] { end(old) }
        let sweep = Sweep(queue: queue, runs: runs)
        going[queue] = sweep
        sweep.warning = loop.schedule(at: loop.now + Self.patience) { [unowned self] in warn(sweep) }
        lookSoon(sweep)
    }

    // MARK: - Rounds

    private func lookSoon(_ sweep: Sweep, after delay: Duration = .zero) {
        guard !dirty.contains(sweep.queue) else { return }
        dirty.append(sweep.queue)
        if dirty.count == 1 { _ = loop.schedule(at: loop.now + delay) { [unowned self] in lookAtAll() } }
    }

    private func lookAtAll() {
        let sweeps = dirty.compactMap { going[$0] }
        dirty = []
        guard !sweeps.isEmpty else { return }
        do throws(SystemError) {
            let scan = try ProcessScan.now()
            for sweep in sweeps { look(sweep, scan) }
        } catch {
            logger.error("cannot look for what an earlier roostd has left: \(error); it is tried again")
            for sweep in sweeps { lookSoon(sweep, after: Self.retryDelay) }
        }
    }

    private func look(_ sweep: Sweep, _ scan: ProcessScan) {
        var left = scan.tasks({ isMeant($0, sweep) }, sparing: processes.keeps)
        var mustRetry = false
        do throws(SystemError) {
            for group in try processes.leftoverGroups(of: sweep.queue, sweep.runs)
            where sweep.groups[group] == nil && !sweep.emptied.contains(group) {
                end(group, in: sweep, scan, &left, &mustRetry)
            }
        } catch {
            logger.error("\(sweep.queue): \(error)")
            mustRetry = true
        }
        let fresh = left.filter { sweep.doomed[$0.pid] == nil }
        if !fresh.isEmpty {
            logger.warning(
                "\(sweep.queue): killing processes that tasks left when an earlier roostd died: \(Self.describe(fresh))"
            )
        }
        for process in fresh where !kill(process, in: sweep) { mustRetry = true }
        if sweep.isWaiting { return }
        if left.isEmpty, !mustRetry { return finish(sweep) }
        // They have ended before they could be killed; or they could not even be watched.
        lookSoon(sweep, after: mustRetry ? Self.retryDelay : .zero)
    }

    private func isMeant(_ marks: ProcessScan.Marks, _ sweep: Sweep) -> Bool {
        guard marks.socket == socketPath, marks.worker == sweep.queue else { return false }
        return sweep.runs == nil || marks.run.map(sweep.marks.contains) == true
    }

    /// Returns whether it will be told when the process is gone, or it is gone.
    private func kill(_ process: ProcessStatistics, in sweep: Sweep) -> Bool {
        let pid = process.pid
        do throws(SystemError) {
            let doomed = try Doomed(pid)
            // The number may have come to mean another process since it was looked at.
            guard try ProcessFileSystem.statistics(of: pid)?.startTime == process.startTime else { return true }
            doomed.source = try loop.add(doomed.process.raw, .read, priority: .exits) { [unowned self] _ in
                ended(pid, in: sweep)
            }
            sweep.doomed[pid] = doomed
            try doomed.process.send(signal: SIGKILL)
            return true
        } catch {
            if error.errno == ESRCH { return true }
            logger.error("\(sweep.queue): \(error)")
            return false
        }
    }

    /// Kills a group as one, which catches what has lost its marks, too.
    private func end(
        _ group: ControlGroup, in sweep: Sweep, _ scan: ProcessScan, _ left: inout [ProcessStatistics],
        _ mustRetry: inout Bool
    ) {
        do throws(SystemError) {
            guard try group.isPopulated() else { return emptied(group, in: sweep, looksAgain: false) }
            let members = try group.allProcesses()
            if members.contains(where: processes.keeps) { return }
            guard !scan.areForeign(members, to: socketPath) else {
                return logger.warning("\(sweep.queue): \(group) is another roostd's; it is left alone")
            }
            sweep.groups[group] = try GroupWatch(group, on: loop) { [unowned self] in emptied(group, in: sweep) }
            logger.warning("\(sweep.queue): killing what tasks left in \(group) when an earlier roostd died")
            do throws(SystemError) {
                try group.kill()
            } catch  where error.errno == ENOENT {
                // The kernel is older than 5.14.
                let known = Set(left.map(\.pid))
                left += members.filter { !known.contains($0) }.compactMap { scan.processes[$0] }
            }
        } catch {
            if error.errno == ENOENT || error.errno == ENODEV { return }
            logger.error("\(sweep.queue): \(error)")
            mustRetry = true
        }
    }

    private func ended(_ pid: Int32, in sweep: Sweep) {
        guard let doomed = sweep.doomed.removeValue(forKey: pid) else { return }
        if let source = doomed.source { loop.remove(source) }
        if !sweep.isWaiting { lookSoon(sweep) }
    }

    private func emptied(_ group: ControlGroup, in sweep: Sweep, looksAgain: Bool = true) {
        sweep.groups[group] = nil
        sweep.emptied.insert(group)
        processes.removeLeftover(group)
        if looksAgain, !sweep.isWaiting { lookSoon(sweep) }
    }

    private func finish(_ sweep: Sweep) {
        end(sweep)
        isDone(sweep.queue)
    }

    private func end(_ sweep: Sweep) {
        going[sweep.queue] = nil
        if let warning = sweep.warning { loop.cancel(warning) }
        for doomed in sweep.doomed.values { if let source = doomed.source { loop.remove(source) } }
        for watch in sweep.groups.values { watch.end() }
        sweep.doomed = [:]
        sweep.groups = [:]
    }

    // MARK: - Telling

    private func warn(_ sweep: Sweep) {
        sweep.warning = nil
        let pids = sweep.doomed.keys.sorted()
        let left = pids.compactMap { (try? ProcessFileSystem.statistics(of: $0)).flatMap { $0 } }
        let what = [Self.describe(left)] + sweep.groups.keys.map(\.path).sorted()
        logger.error(
            """
            \(sweep.queue): still waits for the end of \(what.filter { !$0.isEmpty }.joined(separator: ", ")), which \
            SIGKILL did not end; nothing is started
            """)
    }

    private static func describe(_ processes: [ProcessStatistics]) -> String {
        let shown = processes.prefix(8).map { "\($0.pid) (\($0.command))" }
        let more = processes.count > 8 ? " and \(processes.count - 8) more" : ""
        return shown.joined(separator: ", ") + more
    }
}
