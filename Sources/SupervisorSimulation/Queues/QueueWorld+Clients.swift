import Scheduling
import SupervisorCore

/// Clients: commands at random, and a look at every answer.
extension QueueWorld {
    mutating func act() {
        let names = RandomQueues.names + ["no-such-queue"]
        let queue = chance(97) ? plan.queues.map(\.name).randomElement(using: &random) ?? "mail" : pick(names)
        switch weighted(weights.commands) {
        case 0:
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                ask(.submit(queue: queue, submission(), waitForRoom: chance(30)))
            }
        case 1: ask(.waitTasks(someTasks()))
        case 2: ask(.cancelTasks(someTasks(), wait: chance(50)))
        case 3: ask(.retryTasks(someTasks()))
        case 4: ask(.pauseQueues([chance(10) ? "all" : queue]))
        case 5: ask(.resumeQueues([chance(30) ? "all" : queue]))
        case 6:
            plan = RandomQueues.mutate(plan, using: &random)
            ask(.apply(plan, wait: chance(50)))
        default:
            guard let open = openRequests.keys.min() else { return }
            openRequests[open] = nil
            deliver(.requestAbandoned(RequestID(open)))
        }
    }

    private mutating func someTasks() -> [TaskID] {
        let known = oracle.tasks.values.filter { !$0.isForgotten }.map(\.id).sorted().suffix(15)
        var chosen: [TaskID] = []
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            if let id = known.randomElement(using: &random) { chosen.append(id) }
        }
        return chosen.isEmpty || chance(3) ? chosen + [TaskID(99_999)] : chosen
    }

    private mutating func submission() -> TaskSubmission {
        let label = "s\(lastRequest + 1)"
        var submission = TaskSubmission(work: .command(TaskCommand(arguments: ["run"])))
        submission.label = label
        if chance(20) { submission.key = pick(["a", "b", "c"]) }
        if submission.key != nil, chance(10) { submission.work = .command(TaskCommand(arguments: ["another"])) }
        if chance(40) { submission.priority = pick([-1, 1, 5, 9]) }
        if chance(20) { submission.timeout = pick([.milliseconds(100), .seconds(5)]) }
        if chance(30) { submission.attempts = pick([1, 2, 3]) }
        if chance(25) { submission.after = someTasks() }
        submission.afterAny = chance(30)
        return submission
    }

    mutating func ask(_ request: Request) {
        lastRequest += 1
        let id = lastRequest
        openRequests[id] = request
        switch request {
        case .submit(_, let submission, _): oracle.submissions[submission.label ?? ""] = submission
        case .cancelTasks(let tasks, _):
            let isTaken = tasks.allSatisfy { supervisor.taskReport($0, at: now) != nil }
            for task in tasks {
                oracle.tasks[task]?.cancelAsked = true
                if isTaken, oracle.tasks[task]?.state.isFinished == false { oracle.tasks[task]?.isCancelled = true }
            }
        case .apply(let next, _):
            pauseAsPlanned(next)
            oracle.lastWordOnPauses = id
        case .pauseQueues, .resumeQueues: oracle.lastWordOnPauses = id
        default: break
        }
        deliver(.request(RequestID(id), request))
    }

    /// A plan that says something new about a pause is obeyed.
    private mutating func pauseAsPlanned(_ next: Plan) {
        let known = supervisor.queueReports(at: now)
        for queue in next.queues {
            let isNew = !known.contains { $0.name == queue.name }
            let before = supervisor.queueDefinition(queue.name)?.paused
            guard isNew || before != queue.paused else { continue }
            if queue.paused { oracle.paused.insert(queue.name) } else { oracle.paused.remove(queue.name) }
        }
    }

    /// Exactly one answer each, and a true one.
    mutating func answered(_ id: RequestID, _ reply: Reply) {
        guard let request = openRequests.removeValue(forKey: id.number) else {
            return fail("\(id) was answered twice, or never asked")
        }
        switch (request, reply) {
        case (.submit(let queue, let submission, _), .submitted(let task, let isNew)):
            promised(task, isNew: isNew, queue, submission)
        case (.waitTasks(let tasks), .tasks(let reports)):
            ended(tasks, reports)
        case (.cancelTasks(let tasks, let wait), .tasks(let reports)):
            if wait { ended(tasks, reports) } else { told(reports.filter(\.state.isFinished)) }
        case (.retryTasks(let tasks), .tasks(let reports)):
            require(Set(reports.map(\.id)) == Set(tasks), "\(id) does not tell of all that it retried")
        case (.pauseQueues, .queues(let reports)):
            require(reports.allSatisfy(\.isPaused), "\(id) paused in vain")
            pausePromised(id, reports)
        case (.resumeQueues, .queues(let reports)):
            require(!reports.contains(where: \.isPaused), "\(id) resumed in vain")
            pausePromised(id, reports)
        case (.retryTasks, .refused(.notStored)): break
        case (_, .refused(.notStored)):
            require(weights.diskFault > 0, "\(id) is refused for the disk, which is well")
        case (.submit, .refused(.queueIsFull(let name, let capacity))):
            let report = supervisor.queueReports(at: now).first { $0.name == name }
            require(report?.capacity == capacity, "\(id) is refused for a capacity of \(capacity)")
        case (_, .refused), (.apply, .done): break
        default: fail("\(id) is answered with \(reply.brief)")
        }
    }

    /// What was answered must be on the disk, unless that is at fault or somebody has said something else since.
    private mutating func pausePromised(_ id: RequestID, _ reports: [QueueReport]) {
        guard weights.diskFault == 0, id.number == oracle.lastWordOnPauses else { return }
        for report in reports {
            guard let stored = disk.paused[report.name] ?? supervisor.queueDefinition(report.name)?.paused else {
                continue
            }
            require(stored == report.isPaused, "\(id) is answered, but the disk does not know of the pause")
        }
    }

    private mutating func promised(_ task: TaskID, isNew: Bool, _ queue: String, _ submission: TaskSubmission) {
        if oracle.vanished.contains(task) { return }
        guard let known = oracle.tasks[task] else { return fail("task \(task) is promised, but nobody knows it") }
        require(known.queue == queue, "task \(task) is promised by another queue")
        if known.isDurable { require(disk.records[task] != nil, "task \(task) is promised, but not stored") }
        if isNew {
            require(known.submission.label == submission.label, "task \(task) is another one")
            let earlier = oracle.tasks.values.first { other in
                other.queue == queue && other.id != task && !other.isForgotten && other.isPromised
                    && other.submission.key == submission.key && submission.key != nil
            }
            require(earlier == nil, "task \(task) is new, but its key is that of \(earlier?.id.number ?? 0)")
        } else {
            require(known.submission.key == submission.key, "task \(task) has another key")
        }
        oracle.tasks[task]?.isPromised = true
    }

    private mutating func ended(_ tasks: [TaskID], _ reports: [TaskReport]) {
        require(Set(reports.map(\.id)) == Set(tasks), "the answer is about other tasks than \(tasks)")
        for report in reports {
            require(report.state.isFinished, "the wait for task \(report.id) is over, but it is \(report.state)")
        }
        told(reports)
    }

    /// Ends that a client has been told of are stored, unless the disk is at fault.
    private mutating func told(_ reports: [TaskReport]) {
        for report in reports {
            guard let known = oracle.tasks[report.id], !known.isForgotten, known.state.isFinished else { continue }
            // It may have been retried since, and be told of as it was.
            guard report.finishedAt == supervisor.taskReport(report.id, at: now)?.finishedAt else { continue }
            oracle.tasks[report.id]?.toldEnd = report.state
            guard known.isDurable, !known.isBehind, let stored = disk.records[report.id]?.progress.state else {
                continue
            }
            require(stored == report.state, "task \(report.id) is called \(report.state), and stored as \(stored)")
        }
    }

    private mutating func weighted(_ weights: [Int]) -> Int {
        var ticket = Int.random(in: 0..<max(1, weights.reduce(0, +)), using: &random)
        for (index, weight) in weights.enumerated() {
            if ticket < weight { return index }
            ticket -= weight
        }
        return 0
    }
}
