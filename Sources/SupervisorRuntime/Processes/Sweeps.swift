import Glibc
import Linux
import Logging
import Reactor
import Scheduling
import SupervisorCore

/// Ends what is left of tasks that ran when an earlier roostd died, before a queue may start anything: a task that is
/// still at work must not be there twice.
///
/// Such processes are no children of this roostd. They are known by the marks in their environment (`ROOST_RUN`,
/// `ROOST_SOCKET`), by descent from one that is marked, and by being in its session, and each is watched until it is
/// gone. Nothing is polled: the end of the last one is the moment to look again. None of them is between clone and
/// exec, and so without a mark: it would hold the control channel's lock, and this roostd would not have come so far.
final class Sweeps {
    /// After so long without an end an operator should know.
    private static let patience = Duration.seconds(10)
    /// When no descriptor is left to watch with, which nobody tells.
    private static let retryDelay = Duration.milliseconds(200)

    private let loop: EventLoop
    private let logger: Logger
    private let socketPath: String
    private let isDone: (String) -> Void
    private var going: [String: Sweep] = [:]

    init(loop: EventLoop, logger: Logger, socketPath: String, isDone: @escaping (String) -> Void) {
        self.loop = loop
        self.logger = logger
        self.socketPath = socketPath
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
        let marks: Set<String>
        var watched: [Int32: Doomed] = [:]
        var warning: EventLoop.TimerHandle?

        init(queue: String, marks: Set<String>) {
            self.queue = queue
            self.marks = marks
        }
    }

    /// Ends these runs of an earlier life. `isDone` is told when nothing of them is left, in a later turn of the loop.
    func begin(_ queue: String, _ runs: [RunID]) {
        let sweep = Sweep(queue: queue, marks: Set(runs.map(\.description)))
        going[queue] = sweep
        sweep.warning = loop.schedule(at: loop.now + Self.patience) { [unowned self] in warn(sweep) }
        // At once, before anybody stores that these runs are over: should this roostd die too, nothing of them is left.
        look(sweep)
    }

    /// Ends tasks of queues that are not durable, of which nothing is recorded. Those may leave processes behind on
    /// purpose whose queue's `stop.scope` is `process`: they are not touched.
    func endUnrecorded(of plan: Plan) {
        let queues = Set(plan.queues.filter { !$0.durable && $0.stop.scope != .process }.map(\.name))
        guard !queues.isEmpty else { return }
        let left = marked { variable in
            variable("ROOST_TASK") != nil && variable("ROOST_WORKER").map(queues.contains) == true
        }
        for pid in left {
            logger.warning(
                "killing process \(describe(pid)): a task of an earlier roostd, of which nothing is recorded")
            _ = try? Doomed(pid).process.send(signal: SIGKILL)
        }
    }

    // MARK: - Rounds

    private func look(_ sweep: Sweep) {
        let left = remains(of: sweep.marks)
        guard !left.isEmpty else { return finish(sweep) }
        for pid in left where sweep.watched[pid] == nil {
            logger.warning(
                "\(sweep.queue): killing process \(describe(pid)), which an interrupted task left when roostd died")
            kill(pid, in: sweep)
        }
        guard sweep.watched.isEmpty else { return }
        _ = loop.schedule(at: loop.now + Self.retryDelay) { [unowned self] in look(sweep) }
    }

    private func kill(_ pid: Int32, in sweep: Sweep) {
        do throws(SystemError) {
            let doomed = try Doomed(pid)
            // The number may have come to mean another process since it was looked at.
            guard remains(of: sweep.marks).contains(pid) else { return }
            doomed.source = try loop.add(doomed.process.raw, .read, priority: .exits) { [unowned self] _ in
                ended(pid, in: sweep)
            }
            sweep.watched[pid] = doomed
            try doomed.process.send(signal: SIGKILL)
        } catch {
            if error.errno != ESRCH { logger.error("\(sweep.queue): \(error)") }
        }
    }

    private func ended(_ pid: Int32, in sweep: Sweep) {
        guard let doomed = sweep.watched.removeValue(forKey: pid) else { return }
        if let source = doomed.source { loop.remove(source) }
        if sweep.watched.isEmpty { look(sweep) }
    }

    private func finish(_ sweep: Sweep) {
        if let warning = sweep.warning { loop.cancel(warning) }
        for pid in sweep.watched.keys.sorted() {
            if let source = sweep.watched[pid]?.source { loop.remove(source) }
        }
        sweep.watched = [:]
        // Who asked may be in the middle of other things.
        _ = loop.schedule(at: loop.now) { [unowned self] in
            guard going[sweep.queue] === sweep else { return }
            going[sweep.queue] = nil
            isDone(sweep.queue)
        }
    }

    private func warn(_ sweep: Sweep) {
        let left = sweep.watched.keys.sorted().map(describe).joined(separator: ", ")
        logger.error(
            "\(sweep.queue): still waits for the end of \(left), which SIGKILL did not end; nothing is started")
        sweep.warning = nil
    }

    // MARK: - Looking

    /// Live processes of these runs: those with a mark, those in the session of one, and all that descend from them.
    private func remains(of marks: Set<String>) -> [Int32] {
        let marked = marked { variable in variable("ROOST_RUN").map(marks.contains) == true }
        guard !marked.isEmpty else { return [] }
        // A session that a task has begun, not one that a marked process happens to be in.
        let sessions = Set(marked.compactMap { statistics(of: $0)?.session }).filter { session in
            session > 1 && (marked.contains(session) || statistics(of: session) == nil)
        }
        let mates = allProcesses().filter { pid in statistics(of: pid).map { sessions.contains($0.session) } == true }
        let roots = Set(marked).union(mates)
        return roots.union(ProcessFileSystem.descendants(of: roots.sorted())).subtracting([getpid(), 1]).sorted()
            .filter { statistics(of: $0)?.isZombie == false }
    }

    /// Live processes that carry the mark of this control channel, and of which more is true.
    private func marked(_ isMeant: ((String) -> String?) -> Bool) -> [Int32] {
        allProcesses().filter { pid in
            let variable = { (name: String) in
                (try? ProcessFileSystem.environmentValue(name, of: pid)).flatMap { $0 }
            }
            return variable("ROOST_SOCKET") == socketPath && isMeant(variable)
                && statistics(of: pid)?.isZombie == false
        }
    }

    private func allProcesses() -> [Int32] { ((try? ProcessFileSystem.processes()) ?? []).filter { $0 != getpid() } }

    private func statistics(of pid: Int32) -> ProcessStatistics? {
        (try? ProcessFileSystem.statistics(of: pid)).flatMap { $0 }
    }

    private func describe(_ pid: Int32) -> String { "\(pid) (\(statistics(of: pid)?.command ?? "gone"))" }
}
