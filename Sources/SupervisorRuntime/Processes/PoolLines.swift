import Glibc
import Linux
import Reactor
import Scheduling
import SupervisorCore

/// The lines between roostd and one process of a pool: tasks to its standard input, answers from its standard output.
///
/// Both ends are nonblocking. One task is on its way at a time, so what waits to be written is at most one line; and of
/// what was read no more is kept than one line that has not ended yet.
final class PoolLines {
    /// How long a process that has closed one of its ends may take to end, before that counts as a fault.
    private static let graceAfterClosing = Duration.milliseconds(200)
    private static let readsPerTurn = 16

    /// Where every read goes first; shared by all.
    final class Scratch {
        fileprivate var bytes = [UInt8](repeating: 0, count: 64 << 10)
    }

    private let run: RunID
    private let loop: EventLoop
    private let scratch: Scratch
    private let tell: (Event) -> Void

    private var input: SharedDescriptor?
    private var inputSource: EventLoop.Source?
    /// What is still to be written of the task in hand.
    private var unsent: ArraySlice<UInt8> = []
    private var hasSentSome = false
    private var endsAfterSending = false

    private var output: SharedDescriptor?
    private var outputSource: EventLoop.Source?
    /// A line that has not ended yet.
    private var partial: [UInt8] = []
    private var closing: EventLoop.TimerHandle?

    /// - Parameter tell: is told of answers and faults.
    init(
        _ run: RunID, input: SharedDescriptor, output: SharedDescriptor, on loop: EventLoop,
        _ scratch: Scratch, tell: @escaping (Event) -> Void
    ) throws(SystemError) {
        self.run = run
        self.loop = loop
        self.scratch = scratch
        self.tell = tell
        self.input = input
        self.output = output
        outputSource = try loop.add(output.descriptor.raw, .read, priority: .control) { [unowned self] _ in
            becameReadable()
        }
    }

    deinit { close() }

    // MARK: - To the process

    /// Writes a task, as far as the pipe takes it, and the rest when it can.
    func send(_ line: [UInt8]) {
        // What it has said unasked must not become the answer to this.
        if let unasked = takeUnasked() { return tell(.taskChannelBroken(run, .unasked(unasked))) }
        var line = line
        line.append(UInt8(ascii: "\n"))
        unsent = line[...]
        hasSentSome = false
        write()
    }

    /// Closes the process's standard input, once the task in hand is written.
    func endInput() {
        endsAfterSending = true
        if unsent.isEmpty { closeInput() }
    }

    private func write() {
        guard let input else { return unsent = [] }
        do {
            while !unsent.isEmpty {
                switch try input.descriptor.write(unsent) {
                case .moved(let count):
                    unsent.removeFirst(count)
                    hasSentSome = true
                case .wouldBlock, .endOfFile:
                    return try waitUntilWritable(input)
                }
            }
            // Without the memory of a large task, until there is another one.
            unsent = []
            if endsAfterSending { closeInput() }
        } catch {
            unsent = []
            closeInput()
            guard error.errno == EPIPE else { return tell(.taskChannelBroken(run, .system("\(error)"))) }
            tell(.taskChannelBroken(run, .inputClosed(taken: hasSentSome)))
            expectEnd(.system("closed its standard input"))
        }
    }

    private func waitUntilWritable(_ input: SharedDescriptor) throws(SystemError) {
        if let inputSource { return try loop.rearm(inputSource, .write) }
        inputSource = try loop.add(input.descriptor.raw, .write, .oneShot, priority: .control) { [unowned self] _ in
            write()
        }
    }

    private func closeInput() {
        if let inputSource { loop.remove(inputSource) }
        inputSource = nil
        input = nil
    }

    // MARK: - From the process

    private func becameReadable() {
        for _ in 0..<Self.readsPerTurn {
            guard readOnce() else { return }
        }
    }

    /// Its process has ended: takes what it has left in the pipe. What a child of it writes from now on is nobody's
    /// answer, and could come for ever.
    func drain() {
        var left = (try? output?.descriptor.readableBytes()) ?? 0
        while left > 0, readOnce() { left -= scratch.bytes.count }
        if !partial.isEmpty { tell(.taskChannelBroken(run, .unfinishedLine(Array(partial.prefix(256))))) }
        close()
    }

    /// Returns whether there may be more to read.
    private func readOnce() -> Bool {
        guard let output else { return false }
        do {
            switch try output.descriptor.read(into: &scratch.bytes) {
            case .moved(let count):
                take(count)
                return count == scratch.bytes.count
            case .wouldBlock:
                return false
            case .endOfFile:
                closeOutput()
                expectEnd(.outputClosed)
                return false
            }
        } catch {
            closeOutput()
            tell(.taskChannelBroken(run, .system("\(error)")))
            return false
        }
    }

    /// The beginning of what is in the pipe though no task is out.
    private func takeUnasked() -> [UInt8]? {
        if !partial.allSatisfy(Self.isBlank) { return Array(partial.prefix(256)) }
        guard let output, case .moved(let count)? = try? output.descriptor.read(into: &scratch.bytes) else {
            // An end or an error shows when it is read in its turn.
            return nil
        }
        let bytes = scratch.bytes[..<count]
        return bytes.allSatisfy(Self.isBlank) ? nil : Array(bytes.prefix(256))
    }

    /// Takes what was read. Whoever is told of a line may send the next task, and so read: nothing of `scratch` may be
    /// held by then, or all of it would be copied.
    private func take(_ count: Int) {
        if let (line, extra) = cut(count) { return tell(.taskAnswered(run, line, extra: extra)) }
        guard partial.count > PoolSettings.lineLimit else { return }
        let beginning = Array(partial.prefix(256))
        partial = []
        closeOutput()
        tell(.taskChannelBroken(run, .lineTooLong(beginning)))
    }

    /// The line in what was read, if there is one. A process has one task at a time, so there is one at most, and what
    /// comes behind it was not asked for. The beginning of a line is kept.
    private func cut(_ count: Int) -> (line: [UInt8], extra: [UInt8])? {
        var start = 0
        while start < count, let newline = scratch.bytes[start..<count].firstIndex(of: UInt8(ascii: "\n")) {
            let line = partial + scratch.bytes[start..<newline]
            partial = []
            start = newline + 1
            if line.allSatisfy(Self.isBlank) { continue }
            let rest = scratch.bytes[start..<count]
            return (line, rest.allSatisfy(Self.isBlank) ? [] : Array(rest.prefix(256)))
        }
        partial += scratch.bytes[start..<count]
        return nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\n")
    }

    private func closeOutput() {
        if let outputSource { loop.remove(outputSource) }
        outputSource = nil
        output = nil
    }

    /// Its end of a pipe closes before the news of its end comes, so that is waited for.
    private func expectEnd(_ fault: PoolFault) {
        guard closing == nil else { return }
        closing = loop.schedule(at: loop.now + Self.graceAfterClosing) { [unowned self] in
            closing = nil
            tell(.taskChannelBroken(run, fault))
        }
    }

    /// The run is over.
    func close() {
        if let closing { loop.cancel(closing) }
        closing = nil
        closeInput()
        closeOutput()
    }
}
