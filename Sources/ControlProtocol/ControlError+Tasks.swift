package import SupervisorCore

extension Reply.Refusal {
    /// Of a refusal about tasks, what is wrong and how to mend it.
    package var taskText: String {
        switch self {
        case .unknownTask(let id): "cannot find task \(id): it was never submitted, or is forgotten"
        case .queueIsFull(let name, let capacity):
            "cannot submit to \(name): it has \(capacity) unfinished tasks; --wait-for-room, or raise its capacity"
        case .queueHoldsTooMuch(let name, let bytes):
            "cannot submit to \(name): its tasks have \(bytes >> 20) MiB, which is its limit; put large data in files"
        case .queueIsLeaving(let name): "cannot submit to \(name): it is no longer in the configuration"
        case .wrongWork(let name): "cannot submit to \(name): a queue takes a command, a pool takes JSON"
        case .badTask(let problem): "cannot submit: \(problem)"
        case .taskTooLarge(let bytes, let limit):
            "cannot submit a command and environment of \(bytes) bytes: at most \(limit); put large data in a file"
        case .tooManyDependencies(let count, let limit):
            "cannot submit a task that waits for \(count) others: at most \(limit)"
        case .dependencyFailed(let id, let state):
            "cannot run it: task \(id), which it comes after, is \(state.rawValue); retry that, or use --after-any"
        case .keyInUse(let key, let id): "cannot submit: the key \"\(key)\" belongs to task \(id), which is another one"
        case .taskIsFinished(let id, let state): "cannot change task \(id): it is \(state.rawValue) already"
        case .taskIsNotFinished(let id, let state):
            "cannot retry task \(id): it is \(state.rawValue); cancel it first, or wait for its end"
        case .notStored(let reason): "cannot make it durable, so nothing was done: \(reason)"
        case .unknownName, .isQueue, .shuttingDown, .tooManyRequests, .badCount, .noPool, .poolIsDown, .callTimedOut:
            "cannot do this"
        }
    }
}
