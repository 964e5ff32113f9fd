import CLinux
import Linux
import Threading

/// What is said between this program and a child: the input is sent, both outputs are read, all at once, so that
/// neither side ever waits for the other; then the end of the child is awaited. It can be interrupted and taken up
/// again.
final class Conversation: @unchecked Sendable {
    enum Progress {
        /// Everything is read, and the child has ended; its exit is not collected yet.
        case finished
        case outOfTime
        /// Somebody wants it to stop.
        case interrupted
        case tooMuchOutput(limit: Int)
    }

    /// As much as a pipe holds.
    private static let readSize = 64 << 10

    private let child: ChildHandle
    let input: ChildInput?
    let outputs: [ChildOutput]
    private let turn = FutexLock()
    // Guarded by `turn`, as all below.
    private var unsent: ArraySlice<UInt8> = []
    private(set) var hasBegun = false
    /// As many as there are outputs.
    private var sinks: [Sink]
    private var watches: [Watch] = []

    init(with child: ChildHandle, input: ChildInput?, outputs: [ChildOutput], sinks: [Sink]) {
        self.child = child
        self.input = input
        self.outputs = outputs
        self.sinks = sinks
    }

    /// Has the conversation to itself; nil if somebody else had it until the deadline.
    func withTurn<Result>(
        until deadline: Deadline, _ body: () throws(SubprocessError) -> Result
    ) throws(SubprocessError) -> Result? {
        guard turn.acquire(until: deadline) else { return nil }
        defer { turn.release() }
        return try body()
    }

    /// What was captured of an output.
    func captured(_ index: Int) -> [UInt8]? { sinks[index].captured }

    /// Sets what is to be sent, before it begins. The input is closed after that.
    func begin(sending bytes: [UInt8]) throws(SubprocessError) {
        if hasBegun && !bytes.isEmpty { throw .lateInput }
        if hasBegun { return }
        if !bytes.isEmpty, input == nil { throw .noInputPipe }
        hasBegun = true
        unsent = bytes[...]
    }

    /// Goes on until everything is said and the child has ended, or the deadline has passed.
    ///
    /// - Parameter interruption: a descriptor that becomes readable when this is to stop.
    func proceed(until deadline: Deadline, interruption: Int32? = nil) throws(ProcessError) -> Progress {
        if let obstacle = try talk(until: deadline, interruption) { return obstacle }
        // Not collected: while it is a zombie, its pid and its group can mean nobody else.
        watches.removeAll(keepingCapacity: true)
        watches.append(Watch(child.descriptor.raw, .read))
        if let interruption { watches.append(Watch(interruption, .read)) }
        guard Watch.wait(&watches, until: deadline.nanoseconds) else { return .outOfTime }
        return watches[0].ready.isEmpty ? .interrupted : .finished
    }

    /// Reads what the pipes still hold of a child that was killed. It waits for nothing, and reads no more than a pipe
    /// can hold, so neither a process that has escaped with the pipe nor one that floods it can make this last.
    func drain() {
        guard holdEnds(until: Deadline(after: .zero)) else { return }
        defer { releaseEnds() }
        unsafe withScratch { scratch in
            for index in outputs.indices {
                var left = outputs[index].capacity
                while left > 0, !sinks[index].isOverfull, let raw = outputs[index].raw {
                    var watches = [Watch(raw, .read)]
                    guard Watch.wait(&watches, until: 0),
                        let count = try? unsafe sinks[index].read(from: outputs[index], through: scratch), count > 0
                    else { break }
                    left -= count
                }
            }
        }
    }

    // MARK: - The pipes

    /// Nil when every pipe is done.
    private func talk(until deadline: Deadline, _ interruption: Int32?) throws(ProcessError) -> Progress? {
        if input == nil && outputs.isEmpty { return nil }
        guard holdEnds(until: deadline) else { return .outOfTime }
        defer { releaseEnds() }
        for index in outputs.indices { sinks[index].take(outputs[index].takeAhead()) }
        return try unsafe withScratch { (scratch) throws(ProcessError) in
            while true {
                if let sink = sinks.first(where: \.isOverfull) { return .tooMuchOutput(limit: sink.limit) }
                if !watchPipes() { return nil }
                if let interruption { watches.append(Watch(interruption, .read)) }
                guard Watch.wait(&watches, until: deadline.nanoseconds) else { return .outOfTime }
                for watch in watches where !watch.ready.isEmpty {
                    if watch.descriptor == interruption { return .interrupted }
                    try unsafe move(watch.descriptor, through: scratch)
                }
                // A child that never stops writing would always be ready. What is done by now may finish.
                if deadline.hasPassed, watchPipes() { return .outOfTime }
            }
        }
    }

    /// Lists the pipes that there is something to do for; false if there are none.
    private func watchPipes() -> Bool {
        watches.removeAll(keepingCapacity: true)
        if unsent.isEmpty { input?.finish() }
        if let raw = input?.raw { watches.append(Watch(raw, .write)) }
        for output in outputs {
            if let raw = output.raw { watches.append(Watch(raw, .read)) }
        }
        return !watches.isEmpty
    }

    private func move(
        _ descriptor: Int32, through scratch: UnsafeMutableRawBufferPointer
    ) throws(ProcessError) {
        if let input, input.raw == descriptor { return try send(to: input) }
        for index in outputs.indices where outputs[index].raw == descriptor {
            _ = try unsafe sinks[index].read(from: outputs[index], through: scratch)
        }
    }

    private func send(to input: ChildInput) throws(ProcessError) {
        do throws(ProcessError) {
            _ = try input.writeOnce(&unsent)
        } catch {
            // A child need not read all that it is given.
            guard error.errno == EPIPE else { throw error }
            unsent = []
        }
    }

    private func holdEnds(until deadline: Deadline) -> Bool {
        if let input, !input.acquire(until: deadline) { return false }
        for (index, output) in outputs.enumerated() where !output.acquire(until: deadline) {
            for held in outputs[..<index] { held.release() }
            input?.release()
            return false
        }
        return true
    }

    private func releaseEnds() {
        for output in outputs { output.release() }
        input?.release()
    }

    private func withScratch<Result, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeTemporaryAllocation(byteCount: Conversation.readSize, alignment: 1) {
            (scratch) throws(Failure) in
            try unsafe body(scratch)
        }
    }
}
