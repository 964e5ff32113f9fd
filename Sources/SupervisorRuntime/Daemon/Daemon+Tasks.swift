import ControlProtocol
import Glibc
import Linux
import Scheduling
import SupervisorCore

/// What clients ask about queues and tasks.
extension Daemon {
    func carryOut(_ verb: TaskVerb, from peer: Peer, token: RequestToken) throws(ControlError) {
        switch verb {
        case .submit(var query, let wait):
            try permit(peer, .submit, [query.queue])
            if query.follow {
                try permit(peer, .logs, [query.queue])
                try permitFollowing(token.connection, 1)
            }
            // Whoever comes after a task learns how it ends.
            try permit(peer, .wait, tasks: query.submission.after)
            query.submission.submitter.user = peer.user
            let request = Request.submit(
                queue: query.queue, query.submission, waitForRoom: query.waitForRoom)
            ask(request, .submit(follow: query.follow), token, wait)
        case .list(let query):
            server.answer(token, try list(query, peer))
        case .wait(let tasks, let wait):
            try permit(peer, .wait, tasks: tasks)
            ask(.waitTasks(tasks), .tasks, token, wait)
        case .result(let task, let lines):
            try permit(peer, .result, tasks: [task])
            guard let report = supervisor.taskReport(task, at: .now) else {
                throw ControlError(.unknownTask(task))
            }
            server.answer(token, result(report, lines: lines))
        case .cancel(let tasks, let wait):
            try permit(peer, .cancel, tasks: tasks)
            ask(.cancelTasks(tasks, wait: wait.waits), .tasks, token, wait)
        case .retry(let tasks):
            try permit(peer, .retry, tasks: tasks)
            ask(.retryTasks(tasks), .tasks, token, .no)
        case .pause(let names):
            ask(.pauseQueues(try queues(named: names, .pause, peer, pools: false)), .queues, token, .no)
        case .resume(let names):
            ask(.resumeQueues(try queues(named: names, .resume, peer, pools: false)), .queues, token, .no)
        }
    }

    private func ask(_ request: Request, _ purpose: RequestBook.Purpose, _ token: RequestToken, _ wait: Command.Wait) {
        let id = requests.open(purpose, token: token)
        limit(id, token, wait)
        deliver(.request(id, request))
    }

    // MARK: - Names and rights

    /// Numbers are easily guessed, so a task that the peer has no right to is answered for like one that is not there.
    func permit(_ peer: Peer, _ method: Command.Method, tasks: [TaskID]) throws(ControlError) {
        for task in tasks {
            guard let queue = supervisor.queue(of: task), access.permits(peer, method, worker: queue) else {
                throw ControlError(.unknownTask(task))
            }
        }
    }

    /// The queues that these names mean: `mail`, `mail*` or `all`, in plan order.
    private func queues(
        named names: [String], _ method: Command.Method, _ peer: Peer, pools: Bool = true
    ) throws(ControlError) -> [String] {
        let known = supervisor.queueReports(at: .now).map(\.name).filter {
            pools || supervisor.queueDefinition($0) != nil
        }
        var chosen: [String] = []
        for name in names {
            let pattern = Pattern(name == "all" ? "*" : name)
            let found = known.filter { pattern.matches($0) }
            if found.isEmpty, supervisor.definition(of: name)?.tasks != nil {
                throw ControlError(
                    .unknownName,
                    "cannot pause or resume \"\(name)\": it is a pool; \"roostctl stop \(name)\" stops it",
                    data: .init(name: name, nearest: nil))
            }
            guard !found.isEmpty else {
                throw ControlError(
                    .unknownName, "cannot find a queue \"\(name)\"; \(Self.list(known))",
                    data: .init(name: name, nearest: nil))
            }
            chosen += found
        }
        let wanted = Set(chosen)
        let ordered = known.filter(wanted.contains)
        try permit(peer, method, ordered)
        return ordered
    }

    private static func list(_ queues: [String]) -> String {
        queues.isEmpty ? "the configuration has none" : "there are \(queues.joined(separator: ", "))"
    }

    /// Queues that these names mean, and the names that mean something else. No names: all queues.
    func splitQueues(_ names: [String], _ method: Command.Method, _ peer: Peer) -> (
        queues: [QueueReport], rest: [String]
    ) {
        let known = supervisor.queueReports(at: .now).filter { access.permits(peer, method, worker: $0.name) }
        if names.isEmpty { return (known, []) }
        return (
            known.filter { names.contains($0.name) || names.contains("all") },
            names.filter { name in !known.contains { $0.name == name } }
        )
    }

    // MARK: - Telling

    private func list(_ query: TaskQuery, _ peer: Peer) throws(ControlError) -> TasksResult {
        let now = Instant.now
        var names: [String] = []
        var shown = supervisor.queueReports(at: now).filter { access.permits(peer, .tasks, worker: $0.name) }
        if !query.names.isEmpty {
            // A pool's tasks are asked for by the pool's name, which is a worker's.
            let pools = query.names.filter { supervisor.definition(of: $0) != nil }
            try permit(peer, .tasks, pools + (pools.isEmpty ? query.names : []))
            let rest = query.names.filter { !pools.contains($0) }
            let queues = rest.isEmpty ? [] : try queues(named: rest, .tasks, peer)
            names = queues + pools
            shown = shown.filter { queues.contains($0.name) }
        }
        let isMeant = { [access] (name: String) in
            (names.isEmpty || names.contains(name)) && access.permits(peer, .tasks, worker: name)
        }
        let (reports, omitted) = supervisor.taskReports(
            of: isMeant, in: Set(query.states), newest: query.limit, at: now)
        let clock = clock
        let tasks = reports.map { TaskStatus($0, clock: clock, limit: TaskQuery.commandLimit) }
        return TasksResult(
            tasks: tasks, queues: shown.map { QueueStatus($0) }, omitted: omitted > 0 ? omitted : nil)
    }

    private func result(_ report: TaskReport, lines: Int) -> TaskResult {
        TaskResult(
            task: TaskStatus(report, clock: clock),
            events: server.journal.recent(report.id, limit: 20).map(\.notification),
            output: excerpts(report, lines: lines).filter { !$0.lines.isEmpty })
    }

    /// The core has answered something about tasks.
    func answer(_ token: RequestToken, _ reply: Reply, _ purpose: RequestBook.Purpose) {
        switch reply {
        case .submitted(let task, let isNew):
            // Before the answer, so that nothing of what it writes is missed.
            if case .submit(follow: true) = purpose {
                followers.add(token.connection, [.task(task)], nil, self)
            }
            server.answer(token, SubmitResult(task: task.number, new: isNew))
        case .tasks(let reports):
            let clock = clock
            // Commands may be long and many.
            let limit = reports.count > 16 ? TaskQuery.commandLimit : nil
            server.answer(token, TasksResult(tasks: reports.map { TaskStatus($0, clock: clock, limit: limit) }))
        case .queues(let reports):
            server.answer(token, QueuesResult(queues: reports.map { QueueStatus($0) }))
        case .done, .called, .refused:
            preconditionFailure("\(reply) is no answer about tasks")
        }
    }
}
