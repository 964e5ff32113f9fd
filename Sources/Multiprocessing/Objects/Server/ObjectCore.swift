import Linux
import Scheduling

/// The objects of a server and what its clients want of them, as a pure state machine: requests and a time go in,
/// answers come out. No descriptor is read, no clock, no thread.
///
/// Everything that a client has is given back when it is gone: its references, its parked calls, the locks that it
/// holds, its turns. A client can use only objects that it has a reference to.
final class ObjectCore {
    let limits: ServerLimits
    let types: [String: any RemoteTypeProtocol]
    private(set) var members: [UInt64: Member] = [:]
    private var objects: [ObjectID: ServedObject] = [:]
    private var lastObject: ObjectID = 0
    private var tickets: [Ticket: Loan] = [:]
    private var wheel: TimerWheel<ParkedCall>
    /// Answers that are to be sent, in order.
    var outbox: [(member: UInt64, message: ObjectMessage)] = []
    /// Values that were dropped while a request was carried out. Objects that only they refer to end after the answer
    /// has been made, which may refer to them, too.
    private var dropped: [ObjectID] = []
    /// What all values take that are kept, or belong to a call that waits.
    private(set) var storedBytes = 0
    private(set) var storedHandles = 0
    private(set) var shouldStop = false

    init(limits: ServerLimits = ServerLimits(), types: [any RemoteTypeProtocol] = [], now: Instant = .origin) {
        self.limits = limits
        self.types = Dictionary(types.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        wheel = TimerWheel(now: now)
    }

    var objectCount: Int { objects.count }

    // MARK: - Clients

    func open(_ id: UInt64, isOwner: Bool = false) { members[id] = Member(id: id, isOwner: isOwner) }

    func close(_ id: UInt64) {
        guard let member = members.removeValue(forKey: id) else { return }
        for (key, call) in member.parked where member.parked.removeValue(forKey: key) != nil {
            call.leave()
            cancelTimer(call)
            forget(call)
            call.object.withdrawn(call, self)
            dropReference(to: call.object.id)
        }
        for object in member.holds.keys.sorted() { objects[object]?.reclaim(from: member, self) }
        for (object, count) in member.references { dropReferences(to: object, count) }
        for ticket in member.loans { endLoan(ticket) }
        sweep()
        if member.isOwner { shouldStop = true }
    }

    // MARK: - Requests

    func handle(_ request: ObjectMessage, from id: UInt64, at now: Instant) {
        guard let member = members[id] else { return }
        let answer = perform(request, from: member, at: now)
        if case .reply(let status, let numbers, let values) = answer, request.id != 0 {
            send(status, numbers, values, to: member, for: request.id)
        }
        sweep()
    }

    private func perform(_ request: ObjectMessage, from member: Member, at now: Instant) -> Answered {
        guard let operation = request.operation else { return .status(.malformed) }
        self.now = now
        // No proxy may be put into a value by somebody who has none.
        for value in request.values {
            guard value.references.allSatisfy({ member.references[$0] != nil }) else { return .status(.gone) }
        }
        if let answer = performForServer(operation, request, from: member) { return answer }
        guard member.references[request.object] != nil, let object = objects[request.object] else {
            return .status(.gone)
        }
        if let refusal = refuse(request) { return refusal }
        return object.perform(operation, request, from: member, self)
    }

    private var now = Instant.origin

    /// The answer to a request whose values cannot be kept.
    private func refuse(_ request: ObjectMessage) -> Answered? {
        if request.values.isEmpty { return nil }
        if storedBytes + request.cost > limits.storedBytes {
            return .reply(.tooMany, values: [StoredValue(text: "bytes of values")])
        }
        let handles = request.descriptorCount
        if handles > 0, storedHandles + handles > limits.storedHandles {
            return .reply(.tooMany, values: [StoredValue(text: "handles in values")])
        }
        return nil
    }

    private func performForServer(
        _ operation: ObjectOperation, _ request: ObjectMessage, from member: Member
    ) -> Answered? {
        switch operation {
        case .create: return create(request, for: member)
        case .createRegistered: return createRegistered(request, for: member)
        case .retain:
            guard let object = objects[request.object], member.references[object.id] != nil else {
                return .status(.gone)
            }
            grant(object.id, to: member)
            return .done
        case .lend: return lend(request, by: member)
        case .redeem: return redeem(request, for: member)
        case .letGo:
            for number in request.numbers { letGo(ObjectID(bitPattern: number), of: member) }
            return .parked
        case .census: return .reply(.done, numbers: [Int64(objects.count), Int64(members.count)])
        case .stop:
            guard member.isOwner else { return .status(.notOwner) }
            shouldStop = true
            return .done
        case _: return nil
        }
    }

    private func letGo(_ object: ObjectID, of member: Member) {
        guard let count = member.references[object] else { return }
        member.references[object] = count > 1 ? count - 1 : nil
        dropReference(to: object)
    }

    // MARK: - Objects

    private func create(_ request: ObjectMessage, for member: Member) -> Answered {
        guard objects.count < limits.objects else { return .reply(.tooMany, values: [StoredValue(text: "objects")]) }
        if let refusal = refuse(request) { return refusal }
        lastObject += 1
        guard let object = makeObject(request, id: lastObject, for: member) else { return .status(.invalid) }
        objects[object.id] = object
        grant(object.id, to: member)
        return .reply(.done, numbers: [Int64(bitPattern: object.id)])
    }

    private func createRegistered(_ request: ObjectMessage, for member: Member) -> Answered {
        guard objects.count < limits.objects else { return .reply(.tooMany, values: [StoredValue(text: "objects")]) }
        guard request.values.count == 2, let name = request.values[0].text else { return .status(.malformed) }
        guard let type = types[name] else { return .reply(.unknownType, values: [request.values[0]]) }
        switch type.make(request.values[1].parcel) {
        case .success(let instance):
            lastObject += 1
            objects[lastObject] = RegisteredObject(id: lastObject, type: type, instance: instance)
            grant(lastObject, to: member)
            return .reply(.done, numbers: [Int64(bitPattern: lastObject)])
        case .failure(let failure):
            return .reply(.failed, values: [StoredValue(failure.parcel)])
        }
    }

    /// An object that the caller may refer to; nil if it may not, or there is none.
    func object(_ id: ObjectID, for member: Member) -> ServedObject? {
        member.references[id] == nil ? nil : objects[id]
    }

    /// The client gets one more proxy.
    private func grant(_ object: ObjectID, to member: Member) {
        member.references[object, default: 0] += 1
        objects[object]?.references += 1
    }

    func addReference(to object: ObjectID) { objects[object]?.references += 1 }

    // MARK: - Tickets

    /// Keeps an object for whoever gets a proxy on its way through a message, a queue, an argument.
    private func lend(_ request: ObjectMessage, by member: Member) -> Answered {
        guard let ticket = Ticket(request.numbers), tickets[ticket] == nil else { return .status(.malformed) }
        guard member.references[request.object] != nil, objects[request.object] != nil else { return .status(.gone) }
        guard tickets.count < limits.objects else { return .reply(.tooMany, values: [StoredValue(text: "tickets")]) }
        addReference(to: request.object)
        let hasDoor = request.values.first.map { !$0.descriptors.isEmpty } ?? false
        tickets[ticket] = Loan(object: request.object, lender: hasDoor ? nil : member.id)
        if !hasDoor { member.loans.insert(ticket) }
        return .done
    }

    func isLent(_ ticket: Ticket) -> Bool { tickets[ticket] != nil }

    private func redeem(_ request: ObjectMessage, for member: Member) -> Answered {
        guard let ticket = Ticket(request.numbers), let loan = tickets[ticket] else { return .status(.gone) }
        grant(loan.object, to: member)
        if loan.lender != nil { endLoan(ticket) }
        return .done
    }

    func endLoan(_ ticket: Ticket) {
        guard let loan = tickets.removeValue(forKey: ticket) else { return }
        if let lender = loan.lender { members[lender]?.loans.remove(ticket) }
        dropReference(to: loan.object)
        sweep()
    }

    func dropReference(to object: ObjectID) { dropReferences(to: object, 1) }

    private func dropReferences(to id: ObjectID, _ count: Int) {
        guard let object = objects[id] else { return }
        object.references -= count
        if object.references <= 0 { dropped.append(id) }
    }

    /// Ends the objects that nobody refers to any more, and those that only they referred to.
    private func sweep() {
        while let id = dropped.popLast() {
            guard let object = objects[id], object.references <= 0 else { continue }
            objects[id] = nil
            object.destroyed(self)
        }
    }

    // MARK: - Values

    /// A value is kept from now on.
    func keep(_ value: StoredValue) {
        storedBytes += value.cost
        storedHandles += value.descriptors.count
        for reference in value.references { addReference(to: reference) }
    }

    func keep(_ values: [StoredValue]) { for value in values { keep(value) } }

    /// A value is not kept any more.
    func drop(_ value: StoredValue) {
        storedBytes -= value.cost
        storedHandles -= value.descriptors.count
        for reference in value.references { dropReference(to: reference) }
    }

    // MARK: - Answers

    func send(
        _ status: ReplyStatus, _ numbers: [Int64], _ values: [StoredValue], to member: Member, for request: UInt64
    ) {
        var message = ObjectMessage(id: request, code: UInt16(status.rawValue))
        message.numbers = numbers
        message.values = values
        for value in values {
            for reference in value.references { grant(reference, to: member) }
        }
        outbox.append((member.id, message))
    }

    // MARK: - Waiting

    /// Puts a call aside, in a line of its object. A timeout of zero or less is not for this: that call fails at once.
    func park(
        _ request: ObjectMessage, from member: Member, at object: ServedObject, in line: WaitLine
    ) -> ParkedCall? {
        guard member.parked.count < limits.waitingCalls else { return nil }
        let call = ParkedCall(request, from: member, at: object)
        object.references += 1
        member.parked[ObjectIdentifier(call)] = call
        storedBytes += request.cost
        storedHandles += request.descriptorCount
        if let timeout = request.timeout {
            call.timer = wheel.insert(call, at: now + .nanoseconds(timeout))
        }
        line.append(call)
        return call
    }

    /// The same, for a call that may also fail at once.
    func park(_ request: ObjectMessage, from member: Member, at object: ServedObject, in line: WaitLine) -> Answered {
        if let timeout = request.timeout, timeout <= 0 { return .status(.timedOut) }
        let call: ParkedCall? = park(request, from: member, at: object, in: line)
        return call == nil ? .reply(.tooMany, values: [StoredValue(text: "waiting calls")]) : .parked
    }

    /// The values of a call do not wait any more.
    private func forget(_ call: ParkedCall) {
        storedBytes -= call.request.cost
        storedHandles -= call.request.descriptorCount
    }

    func cancelTimer(_ call: ParkedCall) {
        if let timer = call.timer { wheel.cancel(timer) }
        call.timer = nil
    }

    /// Answers a call that is in no line any more.
    func finish(_ call: ParkedCall, _ answer: Answered) {
        cancelTimer(call)
        guard call.member.parked.removeValue(forKey: ObjectIdentifier(call)) != nil else { return }
        forget(call)
        if case .reply(let status, let numbers, let values) = answer {
            send(status, numbers, values, to: call.member, for: call.request.id)
        }
        dropReference(to: call.object.id)
    }

    // MARK: - Time

    var nextDeadline: Instant? { wheel.nextDeadline() }

    /// Ends the calls that have waited too long.
    func expire(at now: Instant) {
        self.now = now
        while let (_, call) = wheel.popDue(at: now) {
            call.timer = nil
            call.leave()
            call.object.expired(call, self)
        }
        sweep()
    }
}

/// What somebody shows who was given a proxy by a client, as proof of it.
struct Ticket: Hashable, Sendable {
    let first: Int64
    let second: Int64

    init?(_ numbers: [Int64]) {
        guard numbers.count == 2 else { return nil }
        (first, second) = (numbers[0], numbers[1])
    }

    static func random() -> [Int64] { [Int64.random(in: .min ... .max), Int64.random(in: .min ... .max)] }
}

/// What is behind a ticket.
private struct Loan {
    let object: ObjectID
    /// The client with which the loan ends; nil if it ends with a door.
    let lender: UInt64?
}
