import Configuration
import ControlProtocol
import DequeModule
import Glibc
import Linux
package import Logging
import Reactor
import Scheduling
package import SupervisorCore
import Systemd

/// roostd: feeds the core with events, carries out its effects, and serves the control channel. One thread, one loop.
///
///     epoll says ──▶ Event ──▶ Supervisor.handle(event, at: now) ──▶ [Effect] ──▶ perform ──▶ more events
package final class Daemon {
    /// How many events one turn of the loop handles before others get theirs.
    private static let eventsPerTurn = 128
    private static let statusDelay = Duration.milliseconds(200)
    /// So long after the start, or after a client, what only they needed is given back.
    private static let quietTime = Duration.seconds(5)
    /// How long a log that takes nothing, or a process that does not die, may hold up the end.
    private static let drainTime = Duration.seconds(5)

    let configurationPath: String
    private(set) var logger: Logger
    let loop: EventLoop
    let startedAt = Timestamp(nanoseconds: WallClock.now())
    var supervisor: Supervisor
    let settings: DaemonSettings
    let logs: LogRegistry
    private(set) var access: Access
    private(set) var processes: ProcessTable!
    private(set) var server: ControlServer!
    var requests = RequestBook()
    private let firstPlan: Plan
    let store: TaskKeeper
    private(set) var sweeps: Sweeps!
    let followers = Followers()
    private(set) var taskLogs = TaskLogPlaces()
    private let notices: ServiceNotices
    /// Where the output of each instance's latest run began.
    private(set) var lastStart: [InstanceID: [OutputStream: Int64]] = [:]

    private var events: Deque<Event> = []
    private var isHandling = false
    private var deadline: (at: Instant, timer: EventLoop.TimerHandle)?
    private var isFinishing = false
    private var statusTelling: EventLoop.TimerHandle?
    private var shrinking: EventLoop.TimerHandle?

    /// - Throws: what keeps it from starting, said for an operator.
    package init(plan: Plan, configurationPath: String, logger: Logger) throws {
        self.configurationPath = configurationPath
        var logger = logger
        logger.logLevel = plan.daemon.logLevel.level
        self.logger = logger
        settings = plan.daemon
        loop = try EventLoop()
        notices = ServiceNotices(on: loop) { InitSystem.notify($0) }
        // No secret, and drawn anew for each life: it only spreads retries.
        supervisor = Supervisor(plan: plan, seed: UInt64.random(in: .min ... .max))
        firstPlan = plan
        store = TaskKeeper(directory: settings.stateDirectory, loop: loop, logger: logger)
        access = Daemon.access(plan.access)
        logs = try LogRegistry(loop: loop) { [logger] news in logger.warning("\(news)") }
        let surroundings = LaunchSurroundings(
            socketPath: settings.socket,
            notifyDirectory: NotifyDirectory(path: "\(Daemon.runtimeDirectory(settings))/notify"),
            openFiles: try? OpenFileLimit.raise())
        processes = ProcessTable(
            loop: loop, logs: logs, logger: logger, logDirectory: settings.logDirectory,
            cgroups: Daemon.cgroups(settings.cgroup, logger), surroundings: surroundings
        ) { [unowned self] event in deliver(event) }
        processes.streamBegan = { [unowned self] run, stream in followers.streamBegan(run, stream, self) }
        processes.streamEnded = { [unowned self] key in
            followers.streamEnded(key, self)
            endIfDone()
        }
        sweeps = Sweeps(
            loop: loop, logger: logger, socketPath: settings.socket, processes: processes
        ) { [unowned self] queue in deliver(.swept(queue: queue)) }
        server = ControlServer(loop: loop, logger: logger, delegate: self)
    }

    /// Hands the core what an earlier roostd stored, and the answers of the store from now on. Once it is certain that
    /// no other roostd uses that store, which the control channel's lock shows.
    private func takeUpTasks(of plan: Plan) {
        store.answered = { [unowned self] event in deliver(event) }
        let found = store.takeUp(isNeeded: !plan.queues.isEmpty)
        taskLogs.note(plan.queues)
        if found.isWhole { removeOrphanedLogs(of: plan, tasks: found.tasks) }
        if found.tasks != StoredTasks() {
            supervisor = Supervisor(plan: plan, seed: UInt64.random(in: .min ... .max), tasks: found.tasks)
        }
    }

    /// Runs until an orderly shutdown is over.
    package func run() throws {
        signal(SIGPIPE, SIG_IGN)
        try Orphans.adopt()
        try watchSignals()
        try server.listen(at: place())
        takeUpTasks(of: firstPlan)
        perform(supervisor.begin(at: .now))
        settleEvents()
        let count = supervisor.reports(at: .now).count
        logger.notice(
            "roostd \(RoostVersion.current) started, pid \(getpid()), \(count) instances, socket \(settings.socket)")
        notices.say("READY=1", statusLine)
        startWatchdog()
        shrinkWhenQuiet()
        try loop.run()
        store.close()
        server.close()
        logger.notice("roostd has stopped")
    }

    // MARK: - Events and effects

    /// Takes one event. It is handled now, or after those before it.
    func deliver(_ event: Event) {
        events.append(event)
        settleEvents()
    }

    private func settleEvents() {
        guard !isHandling else { return }
        isHandling = true
        var budget = Self.eventsPerTurn
        while budget > 0, let event = events.popFirst() {
            perform(supervisor.handle(event, at: .now))
            budget -= 1
        }
        isHandling = false
        if !events.isEmpty { _ = loop.schedule(at: loop.now) { [unowned self] in settleEvents() } }
        armDeadline()
    }

    private func armDeadline() {
        let next = supervisor.nextDeadline()
        guard next != deadline?.at else { return }
        if let deadline { loop.cancel(deadline.timer) }
        deadline = next.map { moment in
            (moment, loop.schedule(at: moment) { [unowned self] in timePasses() })
        }
    }

    private func timePasses() {
        deadline = nil
        isHandling = true
        perform(supervisor.advance(to: .now))
        isHandling = false
        settleEvents()
    }

    /// Acts first and tells afterwards, each in order: nobody waits for a restart until a log line is written.
    private func perform(_ effects: [Effect]) {
        var told: [Effect] = []
        for effect in effects {
            switch effect {
            case .spawn(let run, let definition):
                events.append(processes.spawn(run, definition))
            case .probeReadiness(let run):
                watchReadiness(of: run)
            case .checkHealth(let run, let health):
                watchHealth(of: run, health)
            case .endProbes(let run):
                processes.runs[run]?.readiness = nil
                processes.runs[run]?.health = nil
            case .signal(let run, let signal, let wholeTree):
                processes.send(signal, to: run, wholeTree: wholeTree)
            case .abandon(let run):
                processes.abandon(run)
            case .release(let run):
                processes.release(run)
            case .store(let ticket, let changes):
                if let reason = store.store(ticket, changes) { events.append(.storeFailed(ticket, reason: reason)) }
            case .sweep(let queue, let runs):
                // Where stopping a task spares what it has started, finished ones may have left that on purpose.
                let sparesOthers = supervisor.queueDefinition(queue)?.stop.scope == .process
                sweeps.begin(queue, only: sparesOthers ? Set(runs) : nil)
            case .forgetTasks(let queue, let tasks):
                forgetLogs(of: tasks, in: queue)
            case .sendTask(let run, _, let line):
                processes.runs[run]?.lines?.send(line)
            case .endTasks(let run):
                processes.runs[run]?.lines?.endInput()
            case .announce, .reply, .finish:
                told.append(effect)
            }
        }
        for effect in told { tell(effect) }
    }

    private func tell(_ effect: Effect) {
        switch effect {
        case .announce(let announcement):
            announce(announcement)
        case .reply(let id, let reply):
            answer(id, reply)
        case .finish:
            isFinishing = true
            finish()
        case .spawn, .probeReadiness, .checkHealth, .endProbes, .signal, .abandon, .release, .store, .sweep,
            .forgetTasks, .sendTask, .endTasks:
            preconditionFailure("\(effect) is done, not told")
        }
    }

    private func watchReadiness(of id: RunID) {
        guard let run = processes.runs[id] else { return }
        do {
            run.readiness = try ReadinessWatch(run, in: processes, on: loop) { [unowned self] in deliver(.ready(id)) }
        } catch {
            logger.error("\(id): cannot look out for its readiness: \(error)")
        }
    }

    private func watchHealth(of id: RunID, _ health: HealthCheck) {
        guard let run = processes.runs[id] else { return }
        run.health = HealthWatch(run, health, in: processes, on: loop) { [unowned self] problem in
            deliver(.healthChecked(id, problem: problem))
        }
    }

    private func announce(_ announcement: Announcement) {
        server.announce(announcement, at: Timestamp(nanoseconds: WallClock.now()))
        logger.log(level: announcement.kind.level, "\(announcement.logLine)")
        if announcement.kind == .planApplied { letGoOfLogs() }
        if announcement.kind == .queueRemoved, let queue = announcement.queue { taskLogs.remove(queue) }
        if let task = announcement.task, announcement.taskState?.isFinished == true { followers.taskEnded(task) }
        tellStatusSoon()
    }

    /// Counting all instances for each change of one would be too much when thousands change at once.
    private func tellStatusSoon() {
        guard InitSystem.isPresent, statusTelling == nil else { return }
        statusTelling = loop.schedule(at: loop.now + Self.statusDelay) { [unowned self] in
            statusTelling = nil
            if !isFinishing { notices.say(statusLine) }
        }
    }

    /// Forgets the logs that no instance has any more.
    private func letGoOfLogs() {
        let instances = supervisor.reports(at: .now).map(\.instance)
        logs.keepOnly(Set(instances.flatMap { streams(of: $0).map(\.target.path) }))
        let known = Set(instances)
        lastStart = lastStart.filter { known.contains($0.key) }
    }

    func noteStart(of instance: InstanceID, _ stream: RunStream) {
        lastStart[instance, default: [:]][stream.kind] = stream.start
    }

    // MARK: - Signals

    private func watchSignals() throws {
        let forwarded = getpid() == 1 ? [SIGUSR1, SIGWINCH] : []
        try loop.watchSignals([SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR2, SIGCHLD] + forwarded) {
            [unowned self] signal in
            switch signal.number {
            case SIGCHLD:
                processes.childrenChanged()
                endIfDone()
            case SIGHUP:
                logger.notice("SIGHUP: applying the configuration")
                reload()
            case SIGUSR2:
                logger.notice("SIGUSR2: reopening the logs")
                logs.reopenAll()
            case SIGUSR1, SIGWINCH:
                forward(signal.number)
            default:
                shutDown()
            }
        }
    }

    /// As PID 1 of a container we get what is meant for the service in it.
    private func forward(_ number: Int32) {
        for run in processes.runs.keys.sorted(by: { ($0.instance, $0.number) < ($1.instance, $1.number) }) {
            processes.send(Signal(number: number), to: run, wholeTree: false)
        }
    }

    /// An orderly stop; said again, it hastens.
    func shutDown() {
        notices.say("STOPPING=1", "STATUS=Stopping")
        deliver(.shutdownRequested)
    }

    private func reload() {
        notices.say("RELOADING=1", "MONOTONIC_USEC=\(MonotonicClock.now() / 1000)")
        defer { notices.say("READY=1", statusLine) }
        let loaded = Loader.loadPlan(at: configurationPath)
        for problem in loaded.problems { logger.warning("\(problem)") }
        guard let plan = loaded.plan else {
            return logger.error("the configuration has errors, so the plan in force stays as it is")
        }
        apply(plan, wait: .no, for: nil)
    }

    /// What of a new plan is the runtime's to take over, then the rest.
    func apply(_ plan: Plan, wait: Command.Wait, for token: RequestToken?) {
        access = Daemon.access(plan.access)
        logger.logLevel = plan.daemon.logLevel.level
        taskLogs.note(plan.queues)
        let changes = supervisor.difference(to: plan).changes.map { PlanChange($0) }
        let id = requests.open(.apply(changes), token: token)
        if let token { limit(id, token, wait) }
        deliver(.request(id, .apply(plan, wait: wait.waits)))
    }

    // MARK: - The end

    private func finish() {
        endIfDone()
        _ = loop.schedule(at: loop.now + Self.drainTime) { [unowned self] in
            let left = processes.abandonDrains()
            if left > 0 { logger.error("\(left) bytes of output are lost: their log took nothing until the end") }
            loop.stop()
        }
    }

    /// Ends once the last output is written and the last stray is gone.
    private func endIfDone() {
        guard isFinishing else { return }
        let isAlone = processes.killStrays()
        if isAlone, processes.draining.isEmpty { loop.stop() }
    }

    private func startWatchdog() {
        guard let interval = InitSystem.watchdogInterval else { return }
        // Comes from the loop itself, so it says that the loop turns.
        notices.say("WATCHDOG=1")
        _ = loop.schedule(at: loop.now + interval / 2) { [unowned self] in startWatchdog() }
    }

    /// Once after each burst of activity; an idle daemon is not woken for it.
    func shrinkWhenQuiet() {
        guard shrinking == nil else { return }
        shrinking = loop.schedule(at: loop.now + Self.quietTime) { [unowned self] in
            shrinking = nil
            ProcessMemory.shrink()
        }
    }

    private var statusLine: String {
        var counts: [InstanceState: Int] = [:]
        for report in supervisor.reports(at: .now) { counts[report.state, default: 0] += 1 }
        let parts = InstanceState.allCases.compactMap { state in counts[state].map { "\($0) \(state.rawValue)" } }
        return "STATUS=" + (parts.isEmpty ? "no instances" : parts.joined(separator: ", "))
    }
}

extension Instant {
    /// The kernel's monotonic clock, read now.
    static var now: Instant { Instant(nanoseconds: MonotonicClock.now()) }
}
