import Configuration
package import ControlProtocol
import Glibc
import Linux
import Logging
import Reactor
import Scheduling
import SupervisorCore

/// What clients ask: who may, what it means for the core, and how the outcome is told.
extension Daemon: ControlDelegate {
    package func handle(_ command: Command, from peer: Peer, token: RequestToken, server: ControlServer) {
        do throws(ControlError) {
            try carryOut(command, from: peer, token: token)
        } catch {
            server.refuse(token, error)
        }
    }

    package func connectionClosed(_ connection: ConnectionID, abandoned: [RequestToken]) {
        followers.remove(connection)
        shrinkWhenQuiet()
        for (id, entry) in requests.close(abandoned) {
            if let timeout = entry.timeout { loop.cancel(timeout) }
            deliver(.requestAbandoned(id))
        }
    }

    private func carryOut(_ command: Command, from peer: Peer, token: RequestToken) throws(ControlError) {
        let method = command.method
        switch command {
        case .status(let names):
            let (queues, rest) = splitQueues(names, method, peer)
            let visible = names.isEmpty || !rest.isEmpty ? try look(rest, method, peer) : []
            server.answer(
                token,
                StatusResult(
                    instances: visible.map(status), queues: queues.map { QueueStatus($0) }, daemon: about))
        case .why(let name):
            let stories = try look([name], method, peer).map(story)
            server.answer(token, WhyResult(stories: stories))
        case .logs(let query):
            server.answer(token, try excerpts(query, from: peer, token: token))
        case .clear(let names):
            let outcomes = try permitted(names, method, peer).map(clear)
            server.answer(token, ActionResult(outcomes))
        case .start(let names, let wait):
            try ask(.start(names: names, wait: wait.waits), of: names, method, peer, token, wait)
        case .stop(let names, let wait):
            try ask(.stop(names: names, wait: wait.waits), of: names, method, peer, token, wait)
        case .restart(let names, let wait):
            try ask(.restart(names: names, wait: wait.waits), of: names, method, peer, token, wait)
        case .signal(let names, let signal):
            try ask(.signal(names: names, signal), of: names, method, peer, token, .no)
        case .scale(let worker, let instances, let wait):
            try permit(peer, method, [worker])
            let request = Request.scale(worker: worker, instances: instances, wait: wait.waits)
            submit(request, token, wait)
        case .call(let query):
            try call(query, peer, token)
        case .plan:
            try permit(peer, method, [])
            let loaded = Loader.loadPlan(at: configurationPath)
            let changes = loaded.plan.map { supervisor.difference(to: $0).changes.map { PlanChange($0) } } ?? []
            server.answer(token, PlanResult(changes: changes, problems: loaded.problems.map { ProblemReport($0) }))
        case .apply(let wait):
            try permit(peer, method, [])
            try apply(token, wait)
        case .subscribe(let query):
            let access = access
            server.subscribe(token, withGroupsResolved(query)) { announcement in
                access.permits(peer, method, worker: announcement.owner)
            }
        case .unsubscribe:
            server.unsubscribe(token)
        case .version:
            server.answer(token, about)
        case .shutdown:
            try permit(peer, method, [])
            server.answer(token, EmptyResult())
            logger.notice("shutdown asked by user \(peer.user), pid \(peer.pid)")
            shutDown()
        case .task(let verb):
            try carryOut(verb, from: peer, token: token)
        }
    }

    /// The last lines of instances and tasks; a name that is a number is a task's.
    private func excerpts(_ query: LogQuery, from peer: Peer, token: RequestToken) throws(ControlError) -> LogsResult {
        let isTask = { [supervisor] (name: String) in UInt64(name) != nil && supervisor.definition(of: name) == nil }
        let names = query.names.filter { !isTask($0) }
        let instances = names.isEmpty ? [] : try look(names, .logs, peer).map(\.instance)
        var tasks: [TaskReport] = []
        for id in query.names.filter(isTask).compactMap({ UInt64($0).map(TaskID.init) }) {
            try permit(peer, .logs, tasks: [id])
            guard let report = supervisor.taskReport(id, at: .now) else { throw ControlError(.unknownTask(id)) }
            tasks.append(report)
        }
        // Before the answer: who has said all and follows nothing is let go with it.
        if query.follow {
            let subjects = instances.map { OutputSubject.instance($0) } + tasks.map { .task($0.id) }
            try permitFollowing(token.connection, subjects.count)
            followers.add(token.connection, subjects, query.stream, self)
        }
        return LogsResult(
            logs: instances.flatMap { excerpts($0, query) }
                + tasks.flatMap { excerpts($0, lines: query.lines, stream: query.stream) })
    }

    // MARK: - Names and rights

    /// The instances that these names mean, and that the peer may see. No names: all that it may see.
    private func look(
        _ names: [String], _ method: Command.Method, _ peer: Peer
    ) throws(ControlError) -> [InstanceReport] {
        let now = Instant.now
        if names.isEmpty {
            return supervisor.reports(at: now).filter { access.permits(peer, method, worker: $0.instance.worker) }
        }
        return try permitted(names, method, peer).compactMap { supervisor.report($0, at: now) }
    }

    private func permitted(
        _ names: [String], _ method: Command.Method, _ peer: Peer
    ) throws(ControlError) -> [InstanceID] {
        switch supervisor.instances(named: names) {
        case .failure(let problem):
            throw ControlError(problem.refusal)
        case .success(let instances):
            try permit(peer, method, instances.map(\.worker))
            return instances
        }
    }

    func permit(_ peer: Peer, _ method: Command.Method, _ workers: [String]) throws(ControlError) {
        if let refusal = access.refusal(peer, method, workers: workers) { throw refusal }
    }

    /// Events are matched by worker; a group's name stands for its members.
    private func withGroupsResolved(_ query: EventQuery) -> EventQuery {
        var query = query
        query.filter.names = query.filter.names.flatMap { name in
            let bare = name.hasPrefix("@") ? String(name.dropFirst()) : name.replacing(":*", with: "")
            return supervisor.plan.groups.first { $0.name == bare }?.members ?? [name]
        }
        return query
    }

    // MARK: - Requests to the core

    private func ask(
        _ request: Request, of names: [String], _ method: Command.Method, _ peer: Peer, _ token: RequestToken,
        _ wait: Command.Wait
    ) throws(ControlError) {
        _ = try permitted(names, method, peer)
        submit(request, token, wait)
    }

    private func submit(_ request: Request, _ token: RequestToken, _ wait: Command.Wait) {
        let id = requests.open(.action, token: token)
        limit(id, token, wait)
        deliver(.request(id, request))
    }

    private func apply(_ token: RequestToken, _ wait: Command.Wait) throws(ControlError) {
        let loaded = Loader.loadPlan(at: configurationPath)
        guard let plan = loaded.plan else {
            let problems = loaded.problems.map { ProblemReport($0) }
            throw ControlError(
                .configurationHasProblems, "cannot apply \(configurationPath): it has errors, so nothing was changed",
                data: .init(problems: problems))
        }
        apply(plan, wait: wait, for: token)
    }

    /// Sets a limit to the wait, if the client has one.
    func limit(_ id: RequestID, _ token: RequestToken, _ wait: Command.Wait) {
        guard case .untilDone(let timeout?) = wait else { return }
        let timer = loop.schedule(at: loop.now + timeout) { [unowned self] in
            guard let entry = requests.close(id) else { return }
            let rest =
                switch entry.purpose {
                case .submit: "; with a key it is safe to submit it again"
                case .action, .apply, .tasks, .queues, .call:
                    "; what was asked for goes on, \"roostctl why\" tells more"
                }
            server.refuse(token, ControlError(.waitTimedOut, "waited \(timeout.text) in vain\(rest)"))
            deliver(.requestAbandoned(id))
        }
        requests.setTimeout(timer, of: id)
    }

    /// The core has answered.
    func answer(_ id: RequestID, _ reply: Reply) {
        guard let entry = requests.close(id) else { return }
        if let timeout = entry.timeout { loop.cancel(timeout) }
        guard let token = entry.token else { return }
        switch (reply, entry.purpose) {
        case (.called(let answer), _):
            server.answer(token, PoolResult(answer))
        case (.submitted(let task, _), .call):
            server.answer(token, PoolResult(task: task))
        case (.refused(let refusal), _):
            server.refuse(token, ControlError(refusal))
        case (.submitted, _), (.tasks, _), (.queues, _):
            answer(token, reply, entry.purpose)
        case (.done(let outcomes), .apply(let changes)):
            server.answer(token, ApplyResult(changes: changes, outcomes: outcomes.map { InstanceOutcome($0) }))
        case (.done(let outcomes), _):
            server.answer(token, ActionResult(outcomes))
        }
    }

    // MARK: - Telling

    private var about: DaemonStatus { DaemonStatus(version: RoostVersion.current, pid: getpid(), startedAt: startedAt) }

    var clock: ClockReading {
        ClockReading(monotonic: .now, wall: Timestamp(nanoseconds: WallClock.now()))
    }

    private func status(_ report: InstanceReport) -> InstanceStatus { InstanceStatus(report, clock: clock) }

    private func story(_ report: InstanceReport) -> WhyResult.Story {
        let events = server.journal.recent(report.instance, limit: 20).map(\.notification)
        return WhyResult.Story(
            instance: status(report), events: events, output: lastLines(of: report.instance, lines: 10))
    }
}

extension Command.Wait {
    var waits: Bool {
        switch self {
        case .no: false
        case .untilDone: true
        }
    }
}

extension ProblemReport {
    init(_ problem: Problem) {
        self.init(
            file: problem.file, line: problem.line, key: problem.key.isEmpty ? nil : problem.key,
            message: problem.fix.map { "\(problem.message); \($0)" } ?? problem.message,
            severity: problem.severity == .error ? .error : .warning)
    }
}
