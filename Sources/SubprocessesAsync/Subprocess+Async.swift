public import Subprocesses

extension Subprocess {
    /// Waits until the child has ended, without holding up a thread of Swift concurrency.
    ///
    /// If the task is cancelled, the child is killed with all of its descendants, and its end is returned.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to look once.
    /// - Returns: how it ended; nil if the timeout passed first.
    public func wait(timeout: Duration?) async -> TerminationStatus? {
        if let status = poll() { return status }
        return await withTaskCancellationHandler {
            await onThreadOfItsOwn { [self] in blockingWait(timeout) }
        } onCancel: {
            killTree()
        }
    }

    /// Waits until the child has ended, however long that takes, without holding up a thread of Swift concurrency.
    ///
    /// If the task is cancelled, the child is killed with all of its descendants, and its end is returned.
    ///
    /// - Returns: how it ended.
    @discardableResult
    public func wait() async -> TerminationStatus { await wait(timeout: nil) ?? .unknown }

    /// Sends the input, reads both outputs to their ends, and waits for the child, as `communicate` without `await`.
    ///
    /// If the task is cancelled, the child is killed with all of its descendants.
    ///
    /// - Parameters:
    ///   - input: what to send; nothing closes the child's input at once. Only the first call can give any.
    ///   - timeout: how long to take at most; nil for no limit, zero or less to do what can be done at once.
    /// - Returns: the result; nil if the timeout passed first. The child goes on then.
    /// - Throws: `SubprocessError`, as `communicate` without `await`, and `cancelled`.
    public func communicate(
        input: [UInt8] = [], timeout: Duration?
    ) async throws(SubprocessError) -> CompletedProcess? {
        let interruption = try Interruption()
        let result: Result<CompletedProcess?, SubprocessError> = await withTaskCancellationHandler {
            await onThreadOfItsOwn { [self] in
                Result { () throws(SubprocessError) in
                    try communicate(input: input, timeout: timeout, interruption: interruption.raw)
                }
            }
        } onCancel: {
            interruption.signal()
        }
        return try result.get()
    }

    /// Sends the input, reads both outputs to their ends, and waits for the child, however long that takes.
    ///
    /// If the task is cancelled, the child is killed with all of its descendants.
    ///
    /// - Parameter input: what to send; nothing closes the child's input at once. Only the first call can give any.
    /// - Returns: the result.
    /// - Throws: `SubprocessError`, as `communicate` without `await`, and `cancelled`.
    public func communicate(input: [UInt8] = []) async throws(SubprocessError) -> CompletedProcess {
        let result = try await communicate(input: input, timeout: nil)
        return result ?? CompletedProcess(arguments: command.arguments, status: poll() ?? .unknown)
    }

    /// The one without `await`, under a name that a task cannot take for the other.
    private func blockingWait(_ timeout: Duration?) -> TerminationStatus? { wait(timeout: timeout) }
}

extension ChildOutput {
    /// The lines of the output, as texts without their line feeds, for a task that waits for each of them.
    ///
    /// They are as those of `lines`. Where the task is cancelled the sequence ends; the child goes on.
    public var asyncLines: AsyncLines { AsyncLines(output: self) }

    /// The lines of a child's output, one at a time.
    public struct AsyncLines: AsyncSequence, Sendable {
        fileprivate let output: ChildOutput

        /// An iterator; all of them read from the same pipe, so each line goes to one.
        public func makeAsyncIterator() -> Iterator { Iterator(output: output) }

        /// Waits for one line after the other.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate let output: ChildOutput

            /// The next line; nil at the end, and once the task is cancelled.
            public mutating func next() async -> String? {
                if Task.isCancelled { return nil }
                // What is there already needs no thread.
                if let line = ChildOutput.line(of: output, timeout: .zero, interruption: nil) { return text(line) }
                guard let interruption = try? Interruption() else { return nil }
                let line = await withTaskCancellationHandler {
                    await onThreadOfItsOwn { [output] in
                        ChildOutput.line(of: output, timeout: nil, interruption: interruption.raw)
                    }
                } onCancel: {
                    interruption.signal()
                }
                return line.flatMap(text)
            }

            private func text(_ line: [UInt8]) -> String? {
                if line.isEmpty { return nil }
                return String(decoding: line.last == UInt8(ascii: "\n") ? line.dropLast() : line[...], as: UTF8.self)
            }
        }
    }

    /// Empty at the end of the output, and where it cannot be read.
    private static func line(of output: ChildOutput, timeout: Duration?, interruption: Int32?) -> [UInt8]? {
        do { return try output.readLine(timeout: timeout, limit: 1 << 20, interruption: interruption) } catch {
            return []
        }
    }
}
