public import Subprocesses

/// Runs a command to its end, for a task that waits meanwhile: as `run` without `await`, but a cancelled task ends the
/// command, with all of its descendants, as a timeout does.
///
/// The command is run by a thread of its own, which also calls the functions that lines or chunks go to.
///
/// - Parameters:
///   - command: what to execute, and as what; an array of words will do.
///   - input: where it reads from.
///   - output: where it writes to.
///   - error: where it writes its diagnostics to.
///   - timeout: how long it may take; nil for no limit.
///   - policy: whether the command is asked to end before it is killed.
///   - check: whether any end but exit code 0 is an error.
/// - Returns: how it ended, with what was captured.
/// - Throws: `SubprocessError`, as `run` without `await`, and `cancelled`. No process is left in any case.
@discardableResult
public func run(
    _ command: Command, input: RunInput = .inherit, output: sending RunOutput = .inherit,
    error: sending RunErrorOutput = .inherit, timeout: Duration? = nil, ending policy: TerminationPolicy = .kill,
    check: Bool = false
) async throws(SubprocessError) -> CompletedProcess {
    if Task.isCancelled { throw .cancelled(CompletedProcess(arguments: command.arguments, status: .unknown)) }
    let interruption = try Interruption()
    let job = RunJob(
        command: command, input: input, output: output, error: error, timeout: timeout, policy: policy, check: check)
    return try await perform(job, interruption).get()
}

private func perform(
    _ job: sending RunJob, _ interruption: Interruption
) async -> Result<CompletedProcess, SubprocessError> {
    let job = Handover(job)
    return await withTaskCancellationHandler {
        await onThreadOfItsOwn {
            Result { () throws(SubprocessError) in try job.value.perform(interruption: interruption.raw) }
        }
    } onCancel: {
        interruption.signal()
    }
}

/// Carries a job to the thread that performs it; nobody else touches it then.
private final class Handover: Sendable {
    nonisolated(unsafe) let value: RunJob

    init(_ value: sending RunJob) { self.value = value }
}
