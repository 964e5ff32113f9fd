import Linux
import Threading

extension Subprocess {
    /// Sends the input, reads both outputs to their ends, and waits for the child: Python's `Popen.communicate`.
    ///
    /// All of that happens at once, so neither side waits for the other, however much there is. The input is closed
    /// after the last byte. Only what is a pipe is captured, up to 1 GiB. A child that does not read all of its input
    /// is no error. After a timeout nothing is lost: the next call, without input, goes on. After the end every call
    /// gives the same result.
    ///
    /// The end of the output comes when nobody has the pipe any more; a descendant in the background can have it long
    /// after the child has ended. `run` with a timeout ends those, too.
    ///
    /// - Parameters:
    ///   - input: what to send; nothing closes the child's input at once. Only the first call can give any.
    ///   - timeout: how long to take at most; nil for no limit, zero or less to do what can be done at once.
    /// - Returns: the result; nil if the timeout passed first. The child goes on then.
    /// - Throws: `SubprocessError`: `lateInput`, `noInputPipe`, `tooMuchOutput` or `pipe`.
    public func communicate(
        input: [UInt8] = [], timeout: Duration?
    ) throws(SubprocessError) -> CompletedProcess? {
        try communicate(input: input, timeout: timeout, interruption: nil)
    }

    /// Sends the input, reads both outputs to their ends, and waits for the child, however long that takes.
    ///
    /// - Parameter input: what to send; nothing closes the child's input at once. Only the first call can give any.
    /// - Returns: the result.
    /// - Throws: as `communicate(input:timeout:)`.
    public func communicate(input: [UInt8] = []) throws(SubprocessError) -> CompletedProcess {
        try communicate(input: input, timeout: nil, interruption: nil) ?? result()
    }

    /// - Parameter interruption: a descriptor that becomes readable when the child, with all of its descendants, is to
    ///   be killed and this is to end with `cancelled`.
    package func communicate(
        input: [UInt8], timeout: Duration?, interruption: Int32?
    ) throws(SubprocessError) -> CompletedProcess? {
        let deadline = Deadline(after: timeout)
        let result = try conversation.withTurn(until: deadline) { () throws(SubprocessError) -> CompletedProcess? in
            try conversation.begin(sending: input)
            switch try proceed(until: deadline, interruption: interruption) {
            case .finished:
                _ = handle.wait(until: deadline)
                return self.result()
            case .outOfTime:
                return nil
            case .interrupted:
                end(.kill)
                conversation.drain()
                throw .cancelled(self.result())
            case .tooMuchOutput(let limit):
                throw .tooMuchOutput(self.result(), limit: limit)
            }
        }
        return result ?? nil
    }

    func proceed(until deadline: Deadline, interruption: Int32?) throws(SubprocessError) -> Conversation.Progress {
        do throws(ProcessError) {
            return try conversation.proceed(until: deadline, interruption: interruption)
        } catch {
            throw .pipe(error)
        }
    }
}
