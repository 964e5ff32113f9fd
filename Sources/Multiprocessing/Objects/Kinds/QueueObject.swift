/// A queue, as Python's `queue.Queue`: getters and putters wait in the order in which they came.
final class QueueObject: ServedObject {
    private let capacity: Int
    private var items = Fifo<StoredValue>()
    private let getters = WaitLine()
    private let putters = WaitLine()
    private let joiners = WaitLine()
    private var pending = 0
    private var isShutDown = false

    /// - Parameter capacity: zero or less for no limit.
    init(id: ObjectID, capacity: Int) {
        self.capacity = capacity
        super.init(id: id)
    }

    override func perform(
        _ operation: ObjectOperation, _ request: ObjectMessage, from member: Member, _ core: ObjectCore
    ) -> Answered {
        switch operation {
        case .put:
            guard request.values.count == 1 else { return .status(.malformed) }
            if isShutDown { return .status(.closed) }
            if capacity > 0, items.count >= capacity {
                return core.park(request, from: member, at: self, in: putters)
            }
            accept(request.values[0], core)
            return .done
        case .take:
            if let item = items.popFirst() {
                core.drop(item)
                admitPutters(core)
                return .value(item)
            }
            return isShutDown ? .status(.closed) : core.park(request, from: member, at: self, in: getters)
        case .taskDone:
            guard pending > 0 else { return .status(.calledTooOften) }
            finishTasks(1, core)
            return .done
        case .join: return pending == 0 ? .done : core.park(request, from: member, at: self, in: joiners)
        case .shutDown: return shutDown(isImmediate: request.numbers.first == 1, core)
        case .state:
            return .reply(
                .done, numbers: [Int64(items.count), Int64(capacity), Int64(pending), isShutDown ? 1 : 0])
        case _: return .status(.wrongKind)
        }
    }

    private func accept(_ item: StoredValue, _ core: ObjectCore) {
        pending += 1
        if let getter = getters.next() { return core.finish(getter, .value(item)) }
        core.keep(item)
        items.append(item)
    }

    private func admitPutters(_ core: ObjectCore) {
        while capacity <= 0 || items.count < capacity, let putter = putters.next() {
            accept(putter.request.values[0], core)
            core.finish(putter, .done)
        }
    }

    private func finishTasks(_ count: Int, _ core: ObjectCore) {
        pending -= count
        guard pending == 0 else { return }
        while let joiner = joiners.next() { core.finish(joiner, .done) }
    }

    private func shutDown(isImmediate: Bool, _ core: ObjectCore) -> Answered {
        isShutDown = true
        var undelivered: [StoredValue] = []
        if isImmediate {
            while let item = items.popFirst() {
                core.drop(item)
                undelivered.append(item)
            }
        }
        while let putter = putters.next() { core.finish(putter, .status(.closed)) }
        // Whoever waits to get something waits because there is nothing.
        while let getter = getters.next() { core.finish(getter, .status(.closed)) }
        finishTasks(undelivered.count, core)
        return .reply(.done, values: undelivered)
    }

    override func destroyed(_ core: ObjectCore) {
        while let item = items.popFirst() { core.drop(item) }
    }
}

/// First in, first out, in one array.
struct Fifo<Element> {
    private var elements: [Element?] = []
    private var start = 0

    var count: Int { elements.count - start }
    var first: Element? { start < elements.count ? elements[start] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard start < elements.count else { return nil }
        let element = elements[start].take()
        start += 1
        if start == elements.count {
            elements.removeAll(keepingCapacity: elements.capacity <= 64)
            start = 0
        } else if start > 64, start * 2 > elements.count {
            elements.removeFirst(start)
            start = 0
        }
        return element
    }
}
