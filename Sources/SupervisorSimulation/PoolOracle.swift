import Scheduling
import SupervisorCore

/// What really happened to each task, and whether that is what its callers were told.
struct PoolOracle: Sendable {
    struct Life: Sendable {
        let line: [UInt8]
        var attempts = 0
        var run: RunID?
        var isRunning = false
        /// What its process answered; nil while it has not.
        var answer: Answer?
        var mustBeHeard = false
        var wasHeard: Bool { answer != nil && mustBeHeard }
    }

    enum Answer: Sendable { case result, error }

    struct Open: Sendable {
        let request: Request
        let attemptLimit: Int
        let deadline: Instant?
    }

    var open: [UInt64: Open] = [:]
    private var lives: [TaskID: Life] = [:]
    private var lastFirst: TaskID?
    private var abandoned: Set<UInt64> = []
    /// The most attempts that any plan or submission so far allows.
    private var mostAttempts = 1
    private(set) var complaint: String?

    private mutating func require(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition, complaint == nil { complaint = text() }
    }

    func line(of task: TaskID) -> [UInt8] { lives[task]?.line ?? [] }

    // MARK: - Requests

    mutating func asked(_ id: UInt64, _ request: Request, attempts: Int, at now: Instant) {
        var deadline: Instant?
        if case .call(let call) = request { deadline = call.timeout.map { now + $0 } }
        mostAttempts = max(mostAttempts, attempts, 2)
        open[id] = Open(request: request, attemptLimit: attempts, deadline: deadline)
    }

    mutating func abandoned(_ id: UInt64) {
        open[id] = nil
        abandoned.insert(id)
    }

    /// Exactly one answer each, and a true one.
    mutating func answered(_ id: RequestID, _ reply: Reply, at now: Instant) {
        guard let question = open.removeValue(forKey: id.number) else {
            // Who waits for a start or a stop may be told after having gone.
            return require(false, "\(id) was answered twice, or after it was given up")
        }
        guard case .called(let answer) = reply else { return }
        guard case .call(let call) = question.request else {
            return require(false, "\(id) is told of task \(answer.task), and never called")
        }
        let life = lives[answer.task]
        switch answer.outcome {
        case .done(let bytes):
            require(life?.answer == .result, "task \(answer.task) is said to be done, and its process never said so")
            require(bytes == call.task, "\(id) is told the answer of another task")
        case .error(let bytes):
            require(life?.answer == .error, "task \(answer.task) is said to have an error that nobody answered")
            require(bytes == call.task, "\(id) is told the error of another task")
        case .failed(let failure, let why):
            require(life?.isRunning != true, "task \(answer.task) failed, and its process still works on it")
            require(
                life?.wasHeard != true, "task \(answer.task) was answered, but failed: \(why)")
            require(
                life != nil || failure == .stopped, "task \(answer.task) failed before it was begun: \(why)")
        case .cancelled:
            require(life?.wasHeard != true, "task \(answer.task) was answered, and is called cancelled")
        }
    }

    // MARK: - Tasks

    mutating func begins(_ task: TaskID, _ line: [UInt8], _ run: RunID, at now: Instant) {
        if lives[task] == nil {
            require(lastFirst.map { $0 < task } ?? true, "task \(task) begins after a later one")
            lastFirst = task
        }
        var life = lives[task] ?? Life(line: line)
        require(!life.isRunning, "task \(task) begins in \(run), and \(life.run.map { "\($0)" } ?? "") still has it")
        require(!life.wasHeard, "task \(task) begins again after its answer")
        require(life.line == line, "task \(task) is sent with another text")
        life.attempts += 1
        require(life.attempts <= mostAttempts + 1, "task \(task) is tried \(life.attempts) times")
        life.isRunning = true
        life.run = run
        lives[task] = life
    }

    mutating func notTaken(_ task: TaskID) {
        lives[task]?.attempts -= 1
        lives[task]?.isRunning = false
    }

    mutating func fails(_ task: TaskID) { lives[task]?.isRunning = false }

    /// - Parameter isKilled: then it is as well if nobody listens any more.
    mutating func answers(_ task: TaskID, isError: Bool, isKilled: Bool) {
        lives[task]?.isRunning = false
        lives[task]?.answer = isError ? .error : .result
        lives[task]?.mustBeHeard = !isKilled
    }

    // MARK: - Time

    /// Nobody waits longer than he said.
    func overdue(at now: Instant) -> String? {
        for (id, question) in open.sorted(by: { $0.key < $1.key }) {
            if let deadline = question.deadline, deadline < now { return "request \(id) waits longer than it wanted" }
        }
        return nil
    }
}
