import Linux
import Threading

/// Runs a command to its end: Python's `subprocess.run`.
///
///     let kernel = try run(["uname", "-r"], output: .capture, check: true).outputText
///     try run(["sort", "-u"], input: .string(names), output: .file("sorted", .truncate))
///     try run(["make"], output: .lines { print("make:", $0) }, timeout: .seconds(600), ending: .ask())
///
/// With a timeout the command gets a process group of its own, unless its `processGroup` says otherwise, so that at the
/// timeout even what has lost its parent is ended with it. One exception: while this program is in the foreground of a
/// terminal, the command stays in its group, so that it can read from the terminal and Ctrl-C reaches both. Then, as
/// always without a group of its own, only what descends from the command at that moment is ended.
///
/// The calling thread does all of it: no thread is started.
///
/// - Parameters:
///   - command: what to execute, and as what; an array of words will do. `Command.shell` takes a script.
///   - input: where it reads from.
///   - output: where it writes to.
///   - error: where it writes its diagnostics to.
///   - timeout: how long it may take; nil for no limit, zero or less for no time at all. When it has passed, the
///     command is ended with all of its descendants. A process that escaped cannot make this last: nobody waits for its
///     output.
///   - policy: whether they are asked to end before they are killed.
///   - check: whether any end but exit code 0 is an error.
/// - Returns: how it ended, with what was captured. Without `check`, look at `status`.
/// - Throws: `SubprocessError`: `spawn`, `timedOut`, `unsuccessful` (with `check`), `tooMuchOutput` or `pipe`. No
///   process is left in any case.
@discardableResult
public func run(
    _ command: Command, input: RunInput = .inherit, output: RunOutput = .inherit, error: RunErrorOutput = .inherit,
    timeout: Duration? = nil, ending policy: TerminationPolicy = .kill, check: Bool = false
) throws(SubprocessError) -> CompletedProcess {
    let job = RunJob(
        command: command, input: input, output: output, error: error, timeout: timeout, policy: policy, check: check)
    return try job.perform(interruption: nil)
}

/// Runs a script with `/bin/sh` and returns its output: Python's `subprocess.getstatusoutput`.
///
///     let (status, text) = try shellOutput("ls /nowhere")     // exit code 2, "ls: cannot access …"
///
/// Text put into a script is read as shell code; put `ShellWords.quote` around it.
///
/// - Parameters:
///   - script: what the shell reads.
///   - timeout: how long it may take; nil for no limit.
/// - Returns: how the shell ended, and what was written to both outputs, without the last line feed.
/// - Throws: `SubprocessError`: `spawn`, `timedOut`, `tooMuchOutput`, `notUTF8` or `pipe`.
public func shellOutput(
    _ script: String, timeout: Duration? = nil
) throws(SubprocessError) -> (status: TerminationStatus, output: String) {
    let process = try run(.shell(script), output: .capture, error: .mergeWithOutput, timeout: timeout)
    var text = try process.outputText
    if text.utf8.last == UInt8(ascii: "\n") { text.unicodeScalars.removeLast() }
    return (process.status, text)
}

/// A command with everything that `run` needs to know.
package struct RunJob {
    package var command: Command
    package var input: RunInput
    package var output: RunOutput
    package var error: RunErrorOutput
    package var timeout: Duration?
    package var policy: TerminationPolicy
    package var check: Bool

    package init(
        command: Command, input: RunInput, output: RunOutput, error: RunErrorOutput, timeout: Duration?,
        policy: TerminationPolicy, check: Bool
    ) {
        self.command = command
        self.input = input
        self.output = output
        self.error = error
        self.timeout = timeout
        self.policy = policy
        self.check = check
    }

    /// - Parameter interruption: a descriptor that becomes readable when the command is to be ended.
    package func perform(interruption: Int32?) throws(SubprocessError) -> CompletedProcess {
        let deadline = Deadline(after: timeout)
        let child = try start(isLimited: timeout != nil || interruption != nil)
        let result: CompletedProcess
        do throws(SubprocessError) {
            try child.conversation.begin(sending: input.bytes)
            switch try child.proceed(until: deadline, interruption: interruption) {
            case .finished: result = child.waited()
            case .outOfTime: throw .timedOut(end(child), after: timeout ?? .zero)
            case .interrupted: throw .cancelled(end(child))
            case .tooMuchOutput(let limit): throw .tooMuchOutput(end(child), limit: limit)
            }
        } catch {
            // Of a failing pipe, nobody has ended it yet; twice does no harm.
            if case .pipe = error { _ = end(child) }
            throw error
        }
        return check ? try result.check() : result
    }

    private func start(isLimited: Bool) throws(SubprocessError) -> Subprocess {
        var command = command
        if isLimited, command.processGroup == .inherit, !Terminal.isOurs() { command.processGroup = .own }
        let request = SpawnRequest(command, input: input.place, output: output.place, error: error.place)
        do throws(SpawnError) {
            return try Subprocess(request, sinks: (output.sink, error.sink))
        } catch {
            throw .spawn(error)
        }
    }

    /// Ends the child with its descendants; returns what is known of it then.
    private func end(_ child: Subprocess) -> CompletedProcess {
        child.end(policy) { deadline in
            // It may have last words, and must not wait for somebody to read them.
            _ = try? child.conversation.proceed(until: deadline)
        }
        child.conversation.drain()
        return child.result()
    }
}
