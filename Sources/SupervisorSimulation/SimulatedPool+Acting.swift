import Scheduling
import SupervisorCore

/// How likely what is in one life of a pool, in percent.
struct PoolWeights: Sendable {
    var spawnFailure: Int
    var idleCrash: Int
    /// It is gone before it could read its task.
    var deaf: Int
    /// It has said something when its task comes.
    var babbles: Int
    var hang: Int
    /// SIGTERM, or the end of its input, is ignored.
    var stubborn: Int
    var pause: Duration
    var taskTime: Duration
    /// In the order of `SimulatedPool.deeds`.
    var deeds: [Int]
    /// Calls, submissions, operator, callers who go, old news.
    var acts: [Int]

    init(using random: inout SplitMix64) {
        func percent(_ choices: [Int]) -> Int { choices.randomElement(using: &random) ?? 0 }
        spawnFailure = percent([0, 0, 20, 80])
        idleCrash = percent([0, 10, 50])
        deaf = percent([0, 0, 10, 40])
        babbles = percent([0, 0, 0, 10])
        hang = percent([0, 5, 30])
        stubborn = percent([0, 10, 50])
        pause = .milliseconds([5, 50, 500, 5000].randomElement(using: &random) ?? 50)
        taskTime = .milliseconds([1, 100, 3000].randomElement(using: &random) ?? 100)
        deeds = [Int.random(in: 1...40, using: &random)] + (0..<7).map { _ in Int.random(in: 0...6, using: &random) }
        acts = [Int.random(in: 5...40, using: &random)] + (0..<4).map { _ in Int.random(in: 0...6, using: &random) }
    }
}

extension SimulatedPool {
    static let deeds: [Deed] = [
        .answer, .error, .garbage, .crash, .answerAndDie, .babble, .unfinished, .closeOutput,
    ]

    mutating func drawDeed() -> Deed { Self.deeds[weighted(weights.deeds)] }

    private mutating func weighted(_ weights: [Int]) -> Int {
        var ticket = Int.random(in: 0..<max(1, weights.reduce(0, +)), using: &random)
        for (index, weight) in weights.enumerated() {
            if ticket < weight { return index }
            ticket -= weight
        }
        return 0
    }

    static func pool(using random: inout SplitMix64) -> WorkerDefinition {
        var pool = WorkerDefinition(name: "p", launch: LaunchSpecification(arguments: ["p"]))
        pool.instances = Int.random(in: 1...3, using: &random)
        pool.autostart = Int.random(in: 0..<8, using: &random) > 0
        pool.ready.probe = [.spawned, .spawned, .notify].randomElement(using: &random) ?? .spawned
        pool.restart.giveUp =
            Bool.random(using: &random) ? nil : RestartPolicy.GiveUp(failures: 3, within: .seconds(60))
        change(&pool, using: &random)
        return pool
    }

    /// What an apply may change without another process.
    private static func change(_ pool: inout WorkerDefinition, using random: inout SplitMix64) {
        var tasks = PoolSettings()
        tasks.capacity = Int.random(in: 1...8, using: &random)
        tasks.tasksPerProcess = ([nil, 1, 2, 5] as [Int?]).randomElement(using: &random) ?? nil
        tasks.taskTimeout = ([nil, .seconds(1), .seconds(5)] as [Duration?]).randomElement(using: &random) ?? nil
        tasks.retry.attempts = Int.random(in: 1...3, using: &random)
        tasks.retry.delay = [.zero, .milliseconds(200), .seconds(5)].randomElement(using: &random) ?? .zero
        tasks.drain = [.zero, .milliseconds(500), .seconds(5)].randomElement(using: &random) ?? .zero
        tasks.keep = Int.random(in: 0...4, using: &random)
        pool.tasks = tasks
    }

    // MARK: - Callers and operators

    mutating func act() {
        switch weighted(weights.acts) {
        case 0: call()
        case 1: submit()
        case 2: operate()
        case 3:
            guard let open = oracle.open.keys.min() else { return }
            oracle.abandoned(open)
            deliver(.requestAbandoned(RequestID(open)))
        default: replayOldNews()
        }
    }

    private mutating func call() {
        lastRequest += 1
        let key = chance(10) ? "k\(Int.random(in: 0...2, using: &random))" : nil
        var call = PoolCall(pool: "p", task: Array("\(lastRequest)".utf8), key: key)
        if key != nil { call.task = Array("0".utf8) }
        if chance(40) { call.timeout = draw(upTo: .seconds(10)) }
        call.waitsForRoom = chance(50)
        ask(.call(call))
    }

    private mutating func submit() {
        var submission = TaskSubmission(work: .json("[ \(lastRequest + 1) ]"))
        submission.attempts = chance(30) ? 2 : nil
        submission.timeout = chance(30) ? .seconds(2) : nil
        lastRequest += 1
        ask(.submit(queue: "p", submission, waitForRoom: chance(50)))
    }

    private mutating func operate() {
        lastRequest += 1
        switch weighted([3, 3, 4, 3, 4]) {
        case 0: ask(.stop(names: ["p"], wait: false))
        case 1: ask(.start(names: ["p"], wait: false))
        case 2: ask(.restart(names: ["p:0"], wait: false))
        case 3: ask(.scale(worker: "p", instances: Int.random(in: 0...4, using: &random), wait: false))
        default:
            var plan = supervisor.plan
            if plan.workers.isEmpty {
                plan.workers = [Self.pool(using: &random)]
            } else if chance(10) {
                plan.workers = []
            } else {
                Self.change(&plan.workers[0], using: &random)
                if chance(30) { plan.workers[0].launch.arguments = ["p", "\(lastRequest)"] }
            }
            ask(.apply(plan, wait: false))
        }
    }

    mutating func ask(_ request: Request) {
        if case .start = request { lastRequest += 1 }
        let attempts = supervisor.definition(of: "p")?.tasks?.retry.attempts ?? 1
        oracle.asked(lastRequest, request, attempts: attempts, at: now)
        deliver(.request(RequestID(lastRequest), request))
    }

    private mutating func replayOldNews() {
        guard let run = pastRuns.randomElement(using: &random), processes[run] == nil else { return }
        let news: [Event] = [
            .taskAnswered(run, Array("1".utf8), extra: []), .taskChannelBroken(run, .outputClosed),
            .taskChannelBroken(run, .inputClosed(taken: true)), .ready(run),
        ]
        if let stale = news.randomElement(using: &random) { deliver(stale) }
    }

    // MARK: - Processes

    /// A process does what it will do with its task, if it has not been ended meanwhile.
    mutating func does(_ deed: Deed, _ task: TaskID, _ run: RunID) {
        guard let process = processes[run], !process.hasExited, process.task == task else { return }
        let line = oracle.line(of: task)
        switch deed {
        case .answer, .error, .answerAndDie, .babble:
            processes[run]?.task = nil
            let answer = deed == .error ? Array("{\"error\":".utf8) + line + Array("}".utf8) : line
            oracle.answers(task, isError: deed == .error, isKilled: process.isKilled)
            deliver(.taskAnswered(run, answer, extra: deed == .babble ? Array("1".utf8) : []))
            if deed == .answerAndDie {
                exits(run, .exited(code: 0))
            } else if process.inputHasEnded || processes[run]?.inputHasEnded == true, !process.ignoresEnd {
                schedule(.exit(run, .exited(code: 0)), after: draw(upTo: .milliseconds(50)))
            }
        case .garbage:
            oracle.fails(task)
            deliver(.taskAnswered(run, Array("Traceback (most recent call last):".utf8), extra: []))
        case .crash:
            exits(run, .signaled(Signal(number: 11), coreDumped: false))
        case .unfinished:
            deliver(.taskChannelBroken(run, .unfinishedLine(Array("{\"a".utf8))))
            exits(run, .exited(code: 2))
        case .closeOutput:
            oracle.fails(task)
            deliver(.taskChannelBroken(run, .outputClosed))
        }
    }

    mutating func exits(_ run: RunID, _ status: ExitStatus) {
        guard var process = processes[run], process.isSpawned, !process.hasExited else { return }
        process.hasExited = true
        if let task = process.task { oracle.fails(task) }
        process.task = nil
        processes[run] = process
        deliver(.exited(run, status, treeIsEmpty: true))
    }
}
