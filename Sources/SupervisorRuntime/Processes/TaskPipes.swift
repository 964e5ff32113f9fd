import Linux
import Reactor
import Subprocesses
import SupervisorCore

/// The pipes through which a process of a pool gets tasks and answers them.
///
/// Both are plain ones: when no roostd is there any more, the process sees the end of its input, and cannot hang in an
/// answer that nobody will read.
struct TaskPipes {
    private let input: SharedDescriptor
    private let output: SharedDescriptor
    private let childInput: SharedDescriptor
    private let childOutput: SharedDescriptor

    init() throws(SystemError) {
        let tasks = try Pipe(nonblocking: .writer)
        let answers = try Pipe(nonblocking: .reader)
        (childInput, input) = tasks.split { (SharedDescriptor($0), SharedDescriptor($1)) }
        (output, childOutput) = answers.split { (SharedDescriptor($0), SharedDescriptor($1)) }
    }

    /// - Parameter log: where standard error goes.
    func give(to request: inout SpawnRequest, log: Int32) {
        request.standardInput = .descriptor(childInput.descriptor.raw)
        request.standardOutput = .descriptor(childOutput.descriptor.raw)
        request.standardError = .descriptor(log)
    }

    func lines(
        of run: RunID, on loop: EventLoop, _ scratch: PoolLines.Scratch, tell: @escaping (Event) -> Void
    ) throws(SystemError) -> PoolLines {
        try PoolLines(run, input: input, output: output, on: loop, scratch, tell: tell)
    }
}
