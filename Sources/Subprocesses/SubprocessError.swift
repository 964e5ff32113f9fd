/// Why a command did not do what it was to do. Where there is a result all the same, it comes with the error.
public enum SubprocessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It could not be started; there is no process.
    case spawn(SpawnError)
    /// It ended with another exit code than 0, or by a signal.
    case unsuccessful(CompletedProcess)
    /// It took longer than `after` and was killed with all of its descendants. The output is what it had written.
    case timedOut(CompletedProcess, after: Duration)
    /// It wrote more than `limit` bytes to a captured stream. `run` has killed it with all of its descendants; after
    /// `communicate` it is still there, waiting for somebody to read.
    case tooMuchOutput(CompletedProcess, limit: Int)
    /// The task that ran it was cancelled, so it was killed with all of its descendants.
    case cancelled(CompletedProcess)
    /// What it wrote is not the text in UTF-8 that was asked for. The bytes are in the result.
    case notUTF8(CompletedProcess, Stream)
    /// One of its pipes could not be used.
    case pipe(ProcessError)
    /// `communicate` was given input although an earlier call had begun already.
    case lateInput
    /// `communicate` was given input for a child whose standard input is no pipe, or whose pipe is closed.
    case noInputPipe

    /// One of the two streams that a process writes to.
    public enum Stream: String, Hashable, Sendable {
        /// The standard output.
        case output
        /// The standard error.
        case error
    }

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .spawn(let error):
            error.description
        case .unsuccessful(let process):
            "cannot run \(words(process)): \(process.status)\(lastWords(process))"
        case .timedOut(let process, let limit):
            "cannot run \(words(process)): it was killed after \(limit); allow more time"
        case .tooMuchOutput(let process, let limit):
            "cannot capture the output of \(words(process)): it is more than \(limit) bytes; raise the limit, or "
                + "send it to a file"
        case .cancelled(let process):
            "cannot run \(words(process)): it was killed because its task was cancelled"
        case .notUTF8(let process, let stream):
            "cannot read the \(stream == .output ? "output" : "diagnostics") of \(words(process)) as a text: it is not "
                + "UTF-8; take the bytes"
        case .pipe(let error):
            error.description
        case .lateInput:
            "cannot give a child more input: an earlier call has begun to send it; give all of it to the first call"
        case .noInputPipe:
            "cannot give a child input: its standard input is no pipe, or closed; start it with input: .pipe"
        }
    }

    /// The command, as a shell would read it, cut where it gets long.
    private func words(_ process: CompletedProcess) -> String {
        let line = ShellWords.join(process.arguments)
        return line.count > 200 ? line.prefix(200) + "…" : line
    }

    /// The last line of the diagnostics often says why.
    private func lastWords(_ process: CompletedProcess) -> String {
        let lines = (process.error ?? []).split(separator: UInt8(ascii: "\n"))
        guard let last = lines.last else { return "" }
        return ": " + String(decoding: last.prefix(200), as: UTF8.self)
    }
}
