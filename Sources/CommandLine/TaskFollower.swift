import ControlProtocol
import Glibc
import SupervisorCore

/// Shows the output of a task until it ends.
struct TaskFollower {
    let session: Session

    /// `submit --wait`: exits as the task does.
    func submit(_ query: SubmitQuery, _ patience: Command.Wait) throws(Failure) {
        let interrupts = if let prompt = session.interrupts { prompt } else { try Interrupts() }
        var client = try ControlClient(path: session.socketPath)
        let submitted = try client.call(
            .task(.submit(query, wait: patience)), SubmitResult.self, interrupts: interrupts)
        let id = TaskID(submitted.task)
        if session.printsJSON { try session.show(submitted, "") }
        let task: TaskStatus
        do throws(Failure) {
            // The task of an earlier submission may have said something already.
            if !submitted.new { try showWhatThereIs(of: id, &client, interrupts) }
            task = try end(of: id, &client, interrupts)
        } catch {
            task = try afterAll(id, error, interrupts)
        }
        try finish(task)
    }

    /// The task's output cannot be followed any more. Its end can, if roostd is still there; and its number must be
    /// told in any case, or it is submitted twice.
    private func afterAll(
        _ id: TaskID, _ failure: Failure, _ interrupts: Interrupts?
    ) throws(Failure) -> TaskStatus {
        if failure.exit == .interrupted { throw try left(id, failure) }
        guard failure.exit == .unreachable, var client = try? ControlClient(path: session.socketPath) else {
            let text = "task \(id) was accepted and is kept; \"roostctl wait \(id)\" and \"logs \(id)\" tell of it"
            throw Failure(failure.exit, "\(failure.message); \(text)")
        }
        try write(
            "roostctl: \(failure.message); the rest of its output is in \"roostctl logs \(id)\"\n", to: STDERR_FILENO)
        do throws(Failure) { return try end(of: id, &client, interrupts) } catch { throw try left(id, error) }
    }

    /// Whoever leaves a task to itself is told how to end it.
    private func left(_ id: TaskID, _ failure: Failure) throws(Failure) -> Failure {
        guard failure.exit == .interrupted else { return failure }
        try write("roostctl: task \(id) goes on; \"roostctl cancel \(id)\" ends it\n", to: STDERR_FILENO)
        return failure
    }

    /// `logs -f`: until all of them are finished.
    func follow(_ tasks: [TaskID], _ client: inout ControlClient, names: inout LogText) throws(Failure) {
        var text = names
        let session = session
        _ = try client.call(
            .task(.wait(tasks, wait: .untilDone(timeout: nil))), TasksResult.self, interrupts: session.interrupts,
            showing: { message throws(Failure) in
                guard case .log(let piece) = message else { return }
                try session.show(piece, text.text(piece))
            })
        names = text
    }

    private func showWhatThereIs(
        of id: TaskID, _ client: inout ControlClient, _ interrupts: Interrupts?
    ) throws(Failure) {
        var query = LogQuery(names: [id.description])
        query.lines = LogQuery.maximumLines
        let logs = try client.call(.logs(query), LogsResult.self, interrupts: interrupts)
        for log in logs.logs where !session.printsJSON {
            try pass(log.lines.map { "\($0)\n" }.joined(), of: log.stream)
        }
    }

    private func end(
        of id: TaskID, _ client: inout ControlClient, _ interrupts: Interrupts?
    ) throws(Failure) -> TaskStatus {
        let result = try client.call(
            .task(.wait([id], wait: .untilDone(timeout: nil))), TasksResult.self, interrupts: interrupts,
            showing: { message throws(Failure) in
                guard case .log(let piece) = message else { return }
                if session.printsJSON {
                    try session.show(piece, "")
                } else {
                    try pass(piece.text, of: piece.stream)
                }
            })
        guard let task = result.tasks.first else { throw Failure(.notReached, "cannot tell how task \(id) ended") }
        if session.printsJSON { try session.show(task, "") }
        return task
    }

    private func pass(_ text: String, of stream: OutputStream) throws(Failure) {
        try write(text, to: stream == .error ? STDERR_FILENO : STDOUT_FILENO)
    }

    /// The task's status becomes ours. What it cannot say itself is said for it.
    private func finish(_ task: TaskStatus) throws(Failure) {
        if task.state == .done { return }
        let exit: Exit =
            switch task.status?.status {
            case .exited(let code) where code != 0: .task(code)
            case .signaled(let signal, _): .task(128 + signal.number)
            case .exited, .unknown, nil: .notReached
            }
        throw Failure(exit, "task \(task.id) is \(task.state.rawValue): \(task.reason.printable)")
    }
}
