import Linux
import Threading

/// What a worker of a pool is given at its start.
struct PoolJob: Codable {
    let socket: PassedDescriptor
    let page: PassedDescriptor
    let hasInitializer: Bool
}

/// The life of a worker of a pool: tasks, until the pool closes the connection.
final class PoolService {
    static let function = RemoteFunction("Multiprocessing.PoolService") { (job: PoolJob) in
        try PoolService(job).serve(hasInitializer: job.hasInitializer)
    }

    private let socket: PacketSocket
    private let page: ClaimPage
    private let packet = ReceivedPacket()
    private let writer = ParcelWriter()
    /// The function that was called last; most tasks are of one.
    private var latest: (name: [UInt8], function: any RemoteCallable)?

    private init(_ job: PoolJob) throws {
        socket = PacketSocket(descriptor: job.socket.shared)
        page = try ClaimPage(of: job.page.shared)
    }

    private func serve(hasInitializer: Bool) throws {
        if !hasInitializer { try send(PoolFrame(.ready)) {} }
        do {
            while true {
                try socket.receive(into: packet, until: Deadline(after: nil))
                try unsafe work(packet.message, packet.descriptors)
            }
        } catch ConnectionError.closed {}
    }

    /// Does what is in a packet, one after the other.
    private func work(_ message: UnsafeRawBufferPointer, _ descriptors: [SharedDescriptor]) throws {
        var place = 0
        var passed = 0
        while place < message.count {
            guard let frame = unsafe PoolFrame(in: message, at: place),
                frame.descriptorCount <= descriptors.count - passed
            else { throw ConnectionError.malformed }
            let body = unsafe UnsafeRawBufferPointer(
                rebasing: message[(place + PoolFrame.size)...].prefix(frame.length))
            let own = frame.descriptorCount == 0 ? [] : Array(descriptors[passed...].prefix(frame.descriptorCount))
            place += PoolFrame.size + frame.length
            passed += frame.descriptorCount
            switch frame.kind {
            case .work: if page.claim(frame.serial) { try unsafe answer(frame, body, own) }
            case .initializer: try unsafe initialize(frame, body, own)
            case .answer, .ready, .broken: throw ConnectionError.malformed
            }
        }
    }

    // MARK: Tasks

    private func answer(_ frame: PoolFrame, _ body: UnsafeRawBufferPointer, _ descriptors: [SharedDescriptor]) throws {
        var answer = PoolFrame(.answer)
        answer.serial = frame.serial
        answer.count = frame.count
        let began = MonotonicClock.now()
        let reader = unsafe ParcelReader(body, descriptors: descriptors)
        defer { reader.end() }
        writer.reset()
        _ = unsafe writer.bytes.extend(by: PoolFrame.size)
        do {
            let name = unsafe UnsafeRawBufferPointer(rebasing: body.prefix(frame.nameLength))
            let calls = PoolCalls(
                reader: reader, place: frame.nameLength, limit: frame.length, count: frame.count,
                isStopped: { [page] in page.isStopped(frame.serial) })
            try unsafe function(name).answer(calls, into: writer)
        } catch {
            writer.reset()
            _ = unsafe writer.bytes.extend(by: PoolFrame.size)
            for _ in 0..<frame.count { try writer.write(outcome: RemoteError(error)) }
        }
        answer.nanoseconds = UInt64(max(0, MonotonicClock.now() - began))
        do {
            try finish(answer)
        } catch ConnectionError.closed {
            throw ConnectionError.closed
        } catch {
            // It could not be sent, for want of memory or descriptors, or because there is too much of it.
            try send(answer) { for _ in 0..<frame.count { try writer.write(outcome: RemoteError(error)) } }
        }
    }

    private func function(_ name: UnsafeRawBufferPointer) throws -> any RemoteCallable {
        if let latest, unsafe latest.name.elementsEqual(name) { return latest.function }
        let words = unsafe String(decoding: name, as: UTF8.self)
        guard let function = try FunctionRegistry.current?.function(named: words) else {
            throw FunctionError.unknown(name: words)
        }
        latest = (name: unsafe [UInt8](name), function)
        return function
    }

    /// Runs the initializer, and says whether tasks can come.
    private func initialize(
        _ frame: PoolFrame, _ body: UnsafeRawBufferPointer, _ descriptors: [SharedDescriptor]
    ) throws {
        let reader = unsafe ParcelReader(body, descriptors: descriptors)
        defer { reader.end() }
        do {
            let name = unsafe UnsafeRawBufferPointer(rebasing: body.prefix(frame.nameLength))
            try unsafe function(name).initialize(
                PoolCalls(reader: reader, place: frame.nameLength, limit: frame.length, count: 1, isStopped: { false }))
        } catch {
            let failure = RemoteError(error)
            return try send(PoolFrame(.broken)) { try writer.write(failure, key: nil) }
        }
        try send(PoolFrame(.ready)) {}
    }

    // MARK: Sending

    private func send(_ frame: PoolFrame, _ write: () throws -> Void) throws {
        writer.reset()
        _ = unsafe writer.bytes.extend(by: PoolFrame.size)
        try write()
        try finish(frame)
    }

    /// Sends what the writer has.
    private func finish(_ frame: PoolFrame) throws {
        var frame = frame
        let descriptors = writer.takeDescriptors()
        frame.descriptorCount = descriptors.count
        try frame.write(into: writer)
        try unsafe socket.send(writer.bytes.contents, descriptors: descriptors, until: Deadline(after: nil))
    }
}

/// The calls in a task.
struct PoolCalls {
    let reader: ParcelReader
    var place: Int
    let limit: Int
    let count: Int
    let isStopped: () -> Bool
}

extension RemoteCallable {
    /// Does all calls of a task, and writes an outcome for each.
    fileprivate func answer(_ calls: PoolCalls, into writer: ParcelWriter) throws {
        guard let function = self as? any PoolCallable else { throw FunctionError.unknown(name: name) }
        try function.answerAll(calls, into: writer)
    }

    fileprivate func initialize(_ call: PoolCalls) throws {
        guard let function = self as? any PoolCallable else { throw FunctionError.unknown(name: name) }
        try function.callOnce(call)
    }
}

/// A function of any type, as a worker of a pool has it. `RemoteFunction` is the only one.
private protocol PoolCallable {
    func answerAll(_ calls: PoolCalls, into writer: ParcelWriter) throws
    func callOnce(_ call: PoolCalls) throws
}

extension RemoteFunction: PoolCallable {
    fileprivate func answerAll(_ calls: PoolCalls, into writer: ParcelWriter) throws {
        var place = calls.place
        for number in 0..<calls.count {
            if number > 0, calls.isStopped() {
                writer.bytes.append(PoolAnswer.Mark.stopped)
                continue
            }
            let start = writer.bytes.count
            // A value that cannot be skipped leaves nobody a way to the next one: then all fail.
            let end = try calls.reader.skip(place, limit: calls.limit)
            do {
                let argument = try calls.reader.decodePooled(Argument.self, at: place, limit: end)
                let output = try self(argument)
                writer.bytes.append(PoolAnswer.Mark.returned)
                try writer.writePooled(output)
            } catch {
                writer.bytes.truncate(to: start)
                try write(error, into: writer)
            }
            place = end
        }
    }

    private func write(_ error: any Error, into writer: ParcelWriter) throws {
        let words = RemoteError(error)
        let failure = RemoteError(
            typeName: words.typeName, message: words.message,
            backtrace: words.backtrace ?? "in \(name), in \(CurrentProcess.name) (process \(KernelProcess.id))")
        let start = writer.bytes.count
        if travelling.contains(where: { $0 == type(of: error) }), let error = error as? any Error & Codable {
            do {
                writer.bytes.append(PoolAnswer.Mark.declared)
                try writer.write(failure, key: nil)
                return try writer.write(itself: error)
            } catch {
                writer.bytes.truncate(to: start)
            }
        }
        try writer.write(outcome: failure)
    }

    fileprivate func callOnce(_ call: PoolCalls) throws {
        _ = try self(call.reader.decodePooled(Argument.self, at: call.place, limit: call.limit))
    }
}

extension ParcelWriter {
    fileprivate func write(outcome failure: RemoteError) throws {
        bytes.append(PoolAnswer.Mark.failed)
        try write(failure, key: nil)
    }

    fileprivate func write(itself error: some Error & Codable) throws { try write(error, key: nil) }
}
