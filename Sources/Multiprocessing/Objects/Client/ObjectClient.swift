import Linux
import Threading

/// A process's connection with a server of objects, for all of its threads.
///
/// Each request carries a number, and many are on their way at a time. Of the threads that wait for an answer one reads
/// for all; when it has its own answer, it leaves that to another one. A thread that is alone writes and reads itself,
/// without any other one being woken.
final class ObjectClient: Sendable {
    let identity: ServerIdentity
    /// Where the server is, if this was connected by an address.
    let address: Address?
    let carriesDescriptors: Bool
    private let connection: Connection
    private let requestLimit: Int
    private let lock = FutexLock()
    private nonisolated(unsafe) var state = State()

    private struct State {
        var last: UInt64 = 1
        var waiting: [UInt64: PendingCall] = [:]
        var isReading = false
        var failure: ObjectError?
        /// Objects that are to be let go with the next request.
        var released: [Int64] = []
    }

    private init(_ connection: Connection, _ identity: ServerIdentity, _ address: Address?, limit: Int) {
        self.connection = connection
        self.identity = identity
        self.address = address
        carriesDescriptors = connection.stream == nil
        requestLimit = limit
    }

    deinit { connection.close() }

    // MARK: - Clients of this process

    private struct Weak {
        weak var client: ObjectClient?
    }

    private static let clients = Monitor<[ServerIdentity: Weak]>([:])

    /// This process's connection with a server; nil if it has none.
    static func known(_ identity: ServerIdentity) -> ObjectClient? {
        clients.withLock { clients in
            clients = clients.filter { $0.value.client != nil }
            guard let client = clients[identity]?.client, client.isUsable else { return nil }
            return client
        }
    }

    /// Begins to speak with a server: asks who it is.
    static func greeting(
        _ connection: Connection, address: Address?, timeout: Duration? = nil
    ) throws(ObjectError) -> ObjectClient {
        let request = ObjectMessage(id: 1, code: ObjectOperation.greet.rawValue)
        let answer: ObjectMessage
        do {
            try connection.send(parcel: request.encoded())
            guard let read = ObjectMessage(try connection.receiveParcel(limit: 1 << 16, timeout: timeout)) else {
                throw ObjectError.malformed
            }
            answer = read
        } catch let error as ObjectError {
            throw error
        } catch {
            throw .unreachable("\(error)")
        }
        guard answer.status == .done, answer.numbers.count == 3 else { throw .malformed }
        let identity = ServerIdentity(first: answer.numbers[0], second: answer.numbers[1])
        let client = ObjectClient(connection, identity, address, limit: Int(answer.numbers[2]))
        clients.withLock { $0[identity] = Weak(client: client) }
        return client
    }

    private var isUsable: Bool { lock.withLock { unsafe state.failure == nil } }

    /// Ends the connection. Calls that wait, and all later ones, fail.
    func close() {
        fail(.notRunning)
        connection.close()
    }

    // MARK: - Calls

    /// Sends a request and waits for its answer, whatever it is.
    func call(_ request: ObjectMessage) throws(ObjectError) -> ObjectMessage {
        var request = request
        let call = PendingCall()
        request.thread = UInt64(ThreadNumber.current)
        let released = try register(call, &request)
        guard request.size <= requestLimit else {
            forget(request.id)
            throw .tooMany("bytes in one request (\(request.size), of at most \(requestLimit))")
        }
        if !released.isEmpty { send(released) }
        do throws(ConnectionError) {
            try connection.send(parcel: request.encoded())
        } catch {
            switch error {
            case .closed, .closedHere: fail(.serverEnded)
            case _:
                forget(request.id)
                throw .unreachable("\(error)")
            }
        }
        return try wait(for: call, request.id)
    }

    private func register(_ call: PendingCall, _ request: inout ObjectMessage) throws(ObjectError) -> [Int64] {
        try lock.withLock { () throws(ObjectError) in
            if let failure = unsafe state.failure { throw failure }
            unsafe state.last += 1
            request.id = unsafe state.last
            unsafe state.waiting[request.id] = call
            defer { unsafe state.released = [] }
            return unsafe state.released
        }
    }

    private func forget(_ id: UInt64) { lock.withLock { unsafe state.waiting[id] = nil } }

    private func wait(for call: PendingCall, _ id: UInt64) throws(ObjectError) -> ObjectMessage {
        while true {
            var waiter: Waiter?
            let answer: Result<ObjectMessage, ObjectError>? = lock.withLock {
                if let answer = call.answer { return answer }
                if unsafe !state.isReading {
                    unsafe state.isReading = true
                } else {
                    let new = Waiter()
                    call.waiter = new
                    waiter = new
                }
                return nil
            }
            if let answer { return try answer.get() }
            if let waiter {
                waiter.park(until: Deadline(after: nil), spins: false)
            } else if let answer = read(until: id) {
                return try answer.get()
            }
        }
    }

    /// Reads answers until the one that is wanted has come, and then leaves the reading to another thread.
    private func read(until id: UInt64) -> Result<ObjectMessage, ObjectError>? {
        var own: Result<ObjectMessage, ObjectError>?
        while own == nil {
            do {
                // An answer is as large as what was asked for; the server has shown that it has the key.
                guard let message = ObjectMessage(try connection.receiveParcel(limit: .max)) else {
                    throw ObjectError.malformed
                }
                if message.id == id { own = .success(message) } else { deliver(message) }
            } catch let error as ObjectError {
                fail(error)
                own = .failure(error)
            } catch ConnectionError.descriptorsLost {
                // Nobody knows to whom the message was; and it may have been to this thread.
                fail(.unreachable("\(ConnectionError.descriptorsLost)"))
                own = failure
            } catch {
                fail(.serverEnded)
                own = failure
            }
        }
        let next: Waiter? = lock.withLock {
            unsafe state.waiting[id] = nil
            unsafe state.isReading = false
            // Not one whose answer has come: it is on its way out.
            let other = unsafe state.waiting.values.first { $0.waiter != nil }
            return other?.waiter.take()
        }
        next?.wake()
        return own
    }

    private var failure: Result<ObjectMessage, ObjectError> {
        .failure(lock.withLock { unsafe state.failure } ?? .serverEnded)
    }

    private func deliver(_ message: ObjectMessage) {
        let waiter: Waiter? = lock.withLock {
            guard let call = unsafe state.waiting.removeValue(forKey: message.id) else { return nil }
            call.answer = .success(message)
            return call.waiter.take()
        }
        waiter?.wake()
    }

    /// Ends all calls, and all that are to come.
    private func fail(_ error: ObjectError) {
        let waiters: [Waiter] = lock.withLock {
            if unsafe state.failure == nil { unsafe state.failure = error }
            let calls = unsafe state.waiting.values
            unsafe state.waiting = [:]
            return calls.compactMap { call in
                call.answer = .failure(unsafe state.failure ?? error)
                return call.waiter.take()
            }
        }
        for waiter in waiters { waiter.wake() }
    }

    // MARK: - References

    /// Gives back a reference. Never waits: if there is no room, it goes with the next request.
    func letGo(_ object: ObjectID) {
        let number = Int64(bitPattern: object)
        if lock.withLock({ unsafe state.failure != nil }) { return }
        send([number])
    }

    private func send(_ released: [Int64]) {
        var request = ObjectMessage(id: 0, code: ObjectOperation.letGo.rawValue)
        request.numbers = released
        do throws(ConnectionError) {
            // On a stream part of it could be sent, and then nobody would understand anything any more.
            try connection.send(parcel: request.encoded(), timeout: carriesDescriptors ? .zero : nil)
        } catch {
            if error == .timedOut { lock.withLock { unsafe state.released += released } }
        }
    }

    func lend(_ object: ObjectID, _ ticket: [Int64], door: SharedDescriptor?) throws(ObjectError) {
        var request = ObjectMessage(id: 0, code: ObjectOperation.lend.rawValue)
        request.object = object
        request.numbers = ticket
        if let door { request.values = [StoredValue(bytes: [], descriptors: [door])] }
        try call(request).check()
    }

    func redeem(_ ticket: [Int64], for object: ObjectID) throws(ObjectError) -> ObjectHandle {
        var request = ObjectMessage(id: 0, code: ObjectOperation.redeem.rawValue)
        request.numbers = ticket
        try call(request).check()
        return ObjectHandle(self, object)
    }
}

/// A thread that waits for an answer. Guarded by the client's lock.
private final class PendingCall: @unchecked Sendable {
    var answer: Result<ObjectMessage, ObjectError>?
    var waiter: Waiter?
}

extension ObjectMessage {
    /// Throws the error that an answer stands for.
    @discardableResult
    func check() throws(ObjectError) -> ReplyStatus {
        let number = numbers.first.map { Int($0) } ?? 0
        let words = values.map { $0.text ?? "" }
        switch status {
        case nil, .malformed: throw .malformed
        case .done, .nothing, .timedOut, .abandoned, .failed, .full, .closed, .calledTooOften: return status ?? .done
        case .changed: throw .changed
        case .gone: throw .gone
        case .wrongKind: throw .wrongKind
        case .notExposed: throw .notExposed(type: words.first ?? "", method: words.last ?? "")
        case .unknownType: throw .unknownType(words.first ?? "")
        case .outOfRange: throw .outOfRange(count: number)
        case .notOwner: throw .notOwner
        case .overLimit: throw .overLimit(number)
        case .broken: throw .broken
        case .tooMany: throw .tooMany(words.first ?? "")
        case .nested: throw .nested
        case .notANumber: throw .notANumber
        case .overflow: throw .overflow
        case .invalid: throw .invalid
        }
    }
}
