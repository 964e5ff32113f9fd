/// An object of a type that the program has registered.
final class RegisteredObject: ServedObject {
    private let type: any RemoteTypeProtocol
    private let instance: any AnyObject & Sendable

    init(id: ObjectID, type: any RemoteTypeProtocol, instance: any AnyObject & Sendable) {
        self.type = type
        self.instance = instance
        super.init(id: id)
    }

    override func perform(
        _ operation: ObjectOperation, _ request: ObjectMessage, from member: Member, _ core: ObjectCore
    ) -> Answered {
        guard operation == .call else { return .status(.wrongKind) }
        guard request.values.count == 2, let method = request.values[0].text else { return .status(.malformed) }
        guard let answer = type.perform(method, on: instance, request.values[1].parcel) else {
            return .reply(.notExposed, values: [StoredValue(text: type.name), request.values[0]])
        }
        return .reply(answer.failure == nil ? .done : .failed, values: [StoredValue(answer.parcel)])
    }
}

extension StoredValue {
    init(_ parcel: Parcel) { self.init(bytes: parcel.bytes, descriptors: parcel.descriptors) }
}

extension ObjectCore {
    /// A new object of one of the library's kinds; nil if what the request says makes no sense.
    func makeObject(_ request: ObjectMessage, id: ObjectID, for member: Member) -> ServedObject? {
        guard let kind = request.numbers.first.flatMap(ObjectKind.init) else { return nil }
        let number = request.numbers.count > 1 ? Int(request.numbers[1]) : 0
        let values = request.values
        switch kind {
        case .value:
            guard values.count == 1 else { return nil }
            keep(values)
            return ValueObject(id: id, values[0])
        case .list, .array:
            keep(values)
            return ListObject(id: id, values, isFixed: kind == .array)
        case .dictionary, .set, .namespace:
            let object = DictionaryObject(id: id, values, isSet: kind == .set)
            object?.fill(values, self)
            return object
        case .queue: return QueueObject(id: id, capacity: number)
        case .lock, .recursiveLock: return LockObject(id: id, isRecursive: kind == .recursiveLock)
        case .semaphore, .boundedSemaphore:
            guard (0...Int(Int32.max)).contains(number) else { return nil }
            return SemaphoreObject(id: id, permits: number, isBounded: kind == .boundedSemaphore)
        case .condition:
            guard let lock = object(ObjectID(bitPattern: Int64(number)), for: member) as? LockObject else { return nil }
            addReference(to: lock.id)
            return ConditionObject(id: id, lock: lock)
        case .event: return EventObject(id: id)
        case .barrier: return number >= 1 ? BarrierObject(id: id, parties: number) : nil
        case .registered: return nil
        }
    }
}
