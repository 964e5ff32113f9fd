import ControlProtocol
import Glibc
import Linux
import Logging
import Reactor
import Subprocesses
import SupervisorCore

/// Every process that roostd has made: spawns, watches, signals and reaps them, and finds what they leave behind.
final class ProcessTable {
    private static let collectedPerTurn = 4096
    /// So many pipes of a queue's finished runs may wait for its logs; each is a descriptor, and its log another one.
    private static let mostDrains = 64

    private let loop: EventLoop
    private let logs: LogRegistry
    private let logger: Logger
    private let logDirectory: String
    private let groups: RunGroups?
    private(set) var surroundings: LaunchSurroundings
    /// News for the core.
    private let tell: (Event) -> Void
    /// A stream of a run has begun.
    var streamBegan: ((LiveRun, RunStream) -> Void)?
    /// The last byte of a run's stream has been moved.
    var streamEnded: ((DrainKey) -> Void)?

    private(set) var runs: [RunID: LiveRun] = [:]
    private lazy var scratch = PoolLines.Scratch()
    private var runsByPid: [Int32: LiveRun] = [:]
    private var probesByPid: [Int32: ExecProbe] = [:]
    /// Runs whose main process is gone and whose tree is not.
    private var lingering: [RunID] = []
    /// Pumps that still have to empty the pipe of a run that is over.
    private(set) var draining: [ObjectIdentifier: OutputPump] = [:]
    /// How many of them each queue has.
    private var drains: [String: Int] = [:]
    /// Queues that have too many, and have not been told otherwise since.
    private var heldUp: Set<String> = []
    /// Inherited, left behind on purpose, or because nothing reached them.
    private var spared = SparedProcesses(descendantsOf: getpid())
    /// Named in the log already.
    private var killedStrays: Set<Int32> = []
    private lazy var tree = ProcessTree(socketPath: surroundings.socketPath) { [unowned self] pid in
        runsByPid[pid] != nil || probesByPid[pid] != nil
    }

    init(
        loop: EventLoop, logs: LogRegistry, logger: Logger, logDirectory: String, cgroups: ControlGroup?,
        surroundings: LaunchSurroundings, tell: @escaping (Event) -> Void
    ) {
        self.loop = loop
        self.logs = logs
        self.logger = logger
        self.logDirectory = logDirectory
        groups = cgroups.map { RunGroups(below: $0, loop: loop, logger: logger) }
        self.surroundings = surroundings
        self.tell = tell
    }

    // MARK: - Spawning

    /// Spawns a run. The answer is the news: `.spawned` or `.spawnFailed`.
    func spawn(_ id: RunID, _ definition: WorkerDefinition) -> Event {
        do throws(SpawnFailure) {
            let context = try LaunchContext(id, definition, in: surroundings)
            let run = try launch(context)
            return .spawned(id, pid: run.pid)
        } catch {
            return .spawnFailed(id, error)
        }
    }

    private func launch(_ context: LaunchContext) throws(SpawnFailure) -> LiveRun {
        do {
            var request = context.request(in: surroundings)
            let output = try ChildPipe()
            let error = context.definition.log.error == nil ? nil : try ChildPipe()
            let tasks = context.definition.tasks == nil ? nil : try TaskPipes()
            request.standardOutput = .descriptor(output.childEnd.raw)
            request.standardError = error.map { .descriptor($0.childEnd.raw) } ?? .mergeWithOutput
            // Of a process that takes tasks the log is what it says on standard error.
            if let tasks { tasks.give(to: &request, log: output.childEnd.raw) }
            let newline = try addReadinessChannel(for: context, to: &request)
            let notify = try addNotifySocket(for: context, to: &request)
            let cgroup = try groups?.make(for: context.run)
            let run = try spawn(request, context, cgroup)
            run.notifySocket = notify
            run.newlineReader = newline?.takeReader()
            do {
                run.exitSource = try loop.add(run.process.raw, .read, priority: .exits) {
                    [unowned self, unowned run] _ in
                    mainExited(run)
                }
                if let tasks {
                    run.lines = try tasks.lines(of: run.id, on: loop, scratch, tell: tell)
                }
                try addStream(.output, output, context.definition.log.output, to: run)
                if let error { try addStream(.error, error, context.definition.log.error, to: run) }
            } catch {
                undo(run)
                throw error
            }
            return run
        } catch let failure as SpawnFailure {
            throw failure
        } catch let failure as SpawnError {
            throw SpawnFailure(errno: failure.errno, message: failure.description)
        } catch let failure as SystemError {
            // Which step meets the limit first depends on how many descriptors are left.
            let advice = SystemError.shortageAdvice(failure.errno).map { "; \($0)" } ?? ""
            throw SpawnFailure(errno: failure.errno, message: failure.description + advice)
        } catch {
            throw SpawnFailure(errno: 0, message: "\(error)")
        }
    }

    private func spawn(_ request: SpawnRequest, _ context: LaunchContext, _ cgroup: ControlGroup?) throws -> LiveRun {
        var request = request
        do {
            let directory = try cgroup.map { SharedDescriptor(try $0.open()) }
            request.controlGroup = directory?.descriptor.raw
            let process = try withExtendedLifetime(directory) { try Subprocesses.spawn(request) }
            let pid = process.pid
            let run = LiveRun(context, pid: pid, process: process.intoDescriptor(), cgroup: cgroup)
            runs[run.id] = run
            runsByPid[pid] = run
            return run
        } catch {
            try? cgroup?.remove()
            throw error
        }
    }

    /// A process that cannot be watched must not live: nobody would know of its end.
    ///
    /// Nor is it waited for. From now on it is nobody's, and collected like an orphan when it has ended.
    private func undo(_ run: LiveRun) {
        tree.send(.kill, to: run)
        runsByPid[run.pid] = nil
        if let source = run.exitSource { loop.remove(source) }
        release(run.id)
    }

    /// `ready = { fd = N }`: the child's N is a pipe on which it writes a newline.
    private func addReadinessChannel(
        for context: LaunchContext, to request: inout SpawnRequest
    ) throws(SystemError) -> ChildPipe? {
        guard case .descriptor(let target) = context.definition.ready.probe else { return nil }
        let pipe = try ChildPipe()
        request.extraDescriptors.append(.init(source: pipe.childEnd.raw, target: target))
        return pipe
    }

    /// `ready = { notify = true }`: a socket of the run's own, named in `NOTIFY_SOCKET`.
    private func addNotifySocket(
        for context: LaunchContext, to request: inout SpawnRequest
    ) throws -> NotifySocket? {
        guard case .notify = context.definition.ready.probe else { return nil }
        try surroundings.notifyDirectory.establish()
        let id = context.run
        let owner = NotifySocket.Owner(
            uid: context.credentials?.user ?? geteuid(), gid: context.credentials?.group ?? getegid()
        ) { [unowned self] pid in
            runs[id].map { tree.contains(pid, in: $0) } ?? false
        }
        let path = surroundings.notifyDirectory.socketPath(of: id)
        let socket = try NotifySocket(path: path, owner: owner, on: loop) { [unowned self] news in
            heard(news, from: id)
        }
        request.environment = request.environment.adding("NOTIFY_SOCKET", path)
        return socket
    }

    private func addStream(
        _ kind: OutputStream, _ pipe: ChildPipe, _ path: String?, to run: LiveRun
    ) throws(SystemError) {
        guard let reader = pipe.takeReader() else { return }
        let target = run.context.logTarget(path, in: logDirectory)
        let isTask = run.definition.task != nil
        let sink = isTask ? logs.borrow(target) : logs.sink(for: target)
        let start = sink.file?.end ?? 0
        let key = DrainKey(borrowed: isTask ? target?.path : nil, queue: isTask ? run.id.instance.worker : nil)
        let pump: OutputPump
        do {
            pump = try OutputPump(from: reader, to: sink, on: loop) { [weak self] in self?.ended(key) }
        } catch {
            if let path = key.borrowed { logs.giveBack(path) }
            throw error
        }
        let stream = RunStream(kind: kind, pump: pump, start: start, key: key)
        run.streams.append(stream)
        streamBegan?(run, stream)
    }

    // MARK: - Readiness by word

    private func heard(_ news: NotifySocket.News, from id: RunID) {
        switch news {
        case .notified(let message):
            if message.isReady { tell(.ready(id)) }
        case .rejected(let reason):
            logger.warning("\(id): \(reason); it is ignored")
        }
    }

    // MARK: - Signals

    func send(_ signal: Signal, to id: RunID, wholeTree: Bool) {
        guard let run = runs[id] else { return }
        if wholeTree {
            tree.send(signal, to: run)
            if run.isReaped { look(at: run) }
        } else if !run.isReaped {
            do {
                _ = try run.process.send(signal: signal.number)
            } catch {
                logger.error("\(id): \(error)")
            }
        }
    }

    // MARK: - Ends

    /// SIGCHLD: some child has ended. Main processes are reaped by their pidfd; what is left are orphans.
    func childrenChanged() {
        if collectEnded() { _ = loop.schedule(at: loop.now) { [unowned self] in childrenChanged() } }
        for id in lingering {
            if let run = runs[id] { look(at: run) }
        }
    }

    /// Collects as many as one turn of the loop may. Returns whether there may be more, for which no signal will come.
    private func collectEnded() -> Bool {
        for _ in 0..<Self.collectedPerTurn {
            do {
                guard let pid = try Orphans.nextEnded() else { return false }
                if let run = runsByPid[pid] {
                    mainExited(run)
                } else if let probe = probesByPid[pid] {
                    probe.exited()
                } else {
                    _ = try Orphans.reap(pid: pid)
                    spared.remove(pid)
                }
            } catch {
                logger.error("\(error)")
                return false
            }
        }
        return true
    }

    private func mainExited(_ run: LiveRun) {
        guard !run.isReaped else { return }
        let status: ExitStatus
        do {
            guard let exit = try run.process.reap() else { return }
            status = ExitStatus(exit)
        } catch {
            // Somebody else collected it; better unknown than guessed.
            logger.error("\(run.id): \(error)")
            status = .unknown
        }
        run.isReaped = true
        runsByPid[run.pid] = nil
        if let source = run.exitSource { loop.remove(source) }
        run.exitSource = nil
        // What it answered last is heard before its end.
        run.lines?.drain()
        let isEmpty = tree.isEmpty(after: run)
        if !isEmpty { lingering.append(run.id) }
        tell(.exited(run.id, status, treeIsEmpty: isEmpty))
    }

    private func look(at run: LiveRun) {
        guard lingering.contains(run.id), tree.isEmpty(after: run) else { return }
        lingering.removeAll { $0 == run.id }
        tell(.treeEmptied(run.id))
    }

    /// Says what of a run is left behind.
    func abandon(_ id: RunID) {
        guard let run = runs[id] else { return }
        lingering.removeAll { $0 == id }
        let left = tree.members(of: run)
        guard !left.isEmpty else { return }
        let why = run.definition.stop.scope == .process ? "stop.scope is \"process\"" : "they survived SIGKILL"
        logger.warning("\(id): these processes are left behind, for \(why): \(tree.describe(left))")
        spared.prune()
        for pid in left { spared.insert(pid) }
    }

    /// The run is over: empties its pipes, and forgets it.
    func release(_ id: RunID) {
        guard let run = runs.removeValue(forKey: id) else { return }
        lingering.removeAll { $0 == id }
        run.readiness = nil
        run.health = nil
        run.lines?.close()
        // A worker may have closed its output long before it ended.
        for stream in run.streams where !stream.pump.hasEnded {
            draining[ObjectIdentifier(stream.key)] = stream.pump
            if let queue = stream.key.queue { countDrain(of: queue, 1) }
            stream.pump.finish()
        }
        if let cgroup = run.cgroup { groups?.remove(cgroup, of: id.description) }
    }

    private func ended(_ key: DrainKey) {
        if draining.removeValue(forKey: ObjectIdentifier(key)) != nil, let queue = key.queue {
            countDrain(of: queue, -1)
        }
        streamEnded?(key)
        if let path = key.borrowed { logs.giveBack(path) }
    }

    /// Tells when a queue has so many that it must start nothing, and when half of these are gone.
    private func countDrain(of queue: String, _ change: Int) {
        let count = drains[queue, default: 0] + change
        drains[queue] = count > 0 ? count : nil
        if count >= Self.mostDrains, heldUp.insert(queue).inserted {
            tell(.logsHeldUp(queue: queue, true))
        } else if count <= Self.mostDrains / 2, heldUp.remove(queue) != nil {
            tell(.logsHeldUp(queue: queue, false))
        }
    }

    /// Gives up on pipes whose log takes nothing. Returns how many bytes are lost with them.
    func abandonDrains() -> Int {
        let left = draining.values.reduce(0) { $0 + $1.abandon() }
        draining = [:]
        return left
    }

    /// At the very end: kills what came to roostd as an orphan and carries no mark of any run.
    ///
    /// What they leave behind in turn comes to roostd with their end, so SIGCHLD asks for another round.
    /// - Returns: whether there was nothing left to kill.
    func killStrays() -> Bool {
        let strays = tree.strays().filter { !spared.contains($0) }
        let fresh = strays.filter { killedStrays.insert($0).inserted }
        if !fresh.isEmpty {
            logger.warning("killing processes that workers left behind: \(tree.describe(fresh))")
        }
        for pid in strays {
            // Our own children: nobody but us can reap them, so their pids cannot be reused here.
            _ = kill(pid, Signal.kill.number)
        }
        return strays.isEmpty
    }

    // MARK: - What earlier daemons have left

    /// Whether the process is a run of this life, a probe, or left behind on purpose.
    func keeps(_ pid: Int32) -> Bool { runsByPid[pid] != nil || probesByPid[pid] != nil || spared.contains(pid) }

    /// The cgroups of a queue's runs, of all or of these only, that are no run's of this life.
    func leftoverGroups(of queue: String, _ only: Set<RunID>?) throws(SystemError) -> [ControlGroup] {
        guard let groups else { return [] }
        let found = try groups.existing(of: queue, only)
        guard !found.isEmpty else { return [] }
        let own = Set(runs.values.compactMap(\.cgroup))
        return found.filter { !own.contains($0) }
    }

    func removeLeftover(_ group: ControlGroup) { groups?.remove(group, of: "an earlier roostd's run") }

    // MARK: - Probes

    /// Runs a command beside a run; calls back once, unless cancelled.
    func probe(
        _ command: [String], beside context: LaunchContext, timeout: Duration,
        _ whenDone: @escaping (ProbeOutcome) -> Void
    ) -> ExecProbe {
        let probe = ExecProbe(context.request(for: command), timeout: timeout, on: loop, whenDone)
        probe.ended = { [unowned self] pid in probesByPid[pid] = nil }
        probe.begin { [unowned self] pid in probesByPid[pid] = probe }
        return probe
    }
}

extension ExitStatus {
    init(_ exit: ProcessExit) {
        switch exit {
        case .exited(let code): self = .exited(code: code)
        case .signaled(let signal, let coreDumped):
            self = .signaled(Signal(number: signal), coreDumped: coreDumped)
        }
    }
}
