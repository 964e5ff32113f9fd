import Scheduling

/// A request that waits for something to happen, and costs no thread.
final class ParkedCall {
    unowned let member: Member
    let request: ObjectMessage
    unowned let object: ServedObject
    var timer: TimerWheel<ParkedCall>.Handle?
    /// False as soon as it was chosen, expired or withdrawn; a line that still has it steps over it.
    var isWaiting = true
    /// For a wait on a condition: how often the caller holds the lock, and whether it was notified.
    var levels = 0
    var wasNotified = false
    /// The line in which it is.
    weak var line: WaitLine?

    init(_ request: ObjectMessage, from member: Member, at object: ServedObject) {
        self.request = request
        self.member = member
        self.object = object
    }

    var caller: Caller { Caller(member: member.id, thread: request.thread) }

    /// Takes it out of its line.
    func leave() {
        guard isWaiting else { return }
        isWaiting = false
        line?.noteLeaving()
        line = nil
    }
}

/// Calls that wait for their turn, the first one first.
///
/// Those that leave early stay where they are until the line is cleared of them, which is when they are more than those
/// that wait: so leaving is O(1), amortized.
final class WaitLine {
    private var calls: [ParkedCall] = []
    private var first = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    func append(_ call: ParkedCall) {
        call.isWaiting = true
        call.line = self
        calls.append(call)
        count += 1
    }

    /// Takes out the one that has waited longest.
    func next() -> ParkedCall? {
        while first < calls.count {
            let call = calls[first]
            first += 1
            if first > 32, first * 2 > calls.count {
                calls.removeFirst(first)
                first = 0
            }
            guard call.isWaiting, call.line === self else { continue }
            call.isWaiting = false
            call.line = nil
            count -= 1
            return call
        }
        calls.removeAll(keepingCapacity: calls.capacity < 64)
        first = 0
        return nil
    }

    /// The one that has waited longest, which stays.
    var peek: ParkedCall? { calls[first...].first { $0.isWaiting && $0.line === self } }

    fileprivate func noteLeaving() {
        count -= 1
        guard calls.count - first > 32, count * 2 < calls.count - first else { return }
        // The one that leaves does not count as waiting any more.
        calls = calls[first...].filter { $0.isWaiting && $0.line === self }
        first = 0
    }
}

/// The transactions of an object, one at a time.
final class Turn {
    var holder: Caller?
    let line = WaitLine()
}
