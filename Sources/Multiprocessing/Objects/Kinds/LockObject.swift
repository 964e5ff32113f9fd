/// A lock that belongs to one thread of one client; perhaps one that the owner may take again.
final class LockObject: ServedObject {
    private(set) var holder: Caller?
    private var levels = 0
    private let isRecursive: Bool
    /// Whether the last holder died with it, and nobody was told yet.
    private var isAbandoned = false
    private let line = WaitLine()

    init(id: ObjectID, isRecursive: Bool) {
        self.isRecursive = isRecursive
        super.init(id: id)
    }

    override func perform(
        _ operation: ObjectOperation, _ request: ObjectMessage, from member: Member, _ core: ObjectCore
    ) -> Answered {
        let caller = Caller(member: member.id, thread: request.thread)
        switch operation {
        case .acquire:
            if holder == nil { return .status(take(caller, member, levels: 1)) }
            if isRecursive, holder == caller {
                levels += 1
                return .done
            }
            return core.park(request, from: member, at: self, in: line)
        case .release:
            guard holder == caller else { return .status(.notOwner) }
            levels -= 1
            if levels == 0 { pass(from: member, core) }
            return .done
        case .state: return .reply(.done, numbers: [holder == nil ? 0 : 1, holder == caller ? 1 : 0])
        case _: return .status(.wrongKind)
        }
    }

    private func take(_ caller: Caller, _ member: Member, levels: Int) -> ReplyStatus {
        holder = caller
        self.levels = levels
        member.hold(id)
        defer { isAbandoned = false }
        return isAbandoned ? .abandoned : .done
    }

    private func pass(from member: Member, _ core: ObjectCore) {
        holder = nil
        member.unhold(id)
        guard let next = line.next() else { return }
        let status = take(next.caller, next.member, levels: max(1, next.levels))
        // For a wait on a condition, the number says whether it was notified.
        core.finish(next, .reply(status, numbers: [next.wasNotified ? 1 : 0]))
    }

    override func reclaim(from member: Member, _ core: ObjectCore) {
        guard holder?.member == member.id else { return }
        isAbandoned = true
        pass(from: member, core)
    }

    // MARK: - For conditions

    /// Gives the lock back completely. The caller holds it.
    ///
    /// - Returns: how often it had been taken.
    func releaseCompletely(from member: Member, _ core: ObjectCore) -> Int {
        let levels = levels
        pass(from: member, core)
        return levels
    }

    /// Gives the lock to a call that had it before, as soon as it is free.
    func regain(_ call: ParkedCall, _ core: ObjectCore) {
        line.append(call)
        guard holder == nil, let next = line.next() else { return }
        let status = take(next.caller, next.member, levels: max(1, next.levels))
        core.finish(next, .reply(status, numbers: [next.wasNotified ? 1 : 0]))
    }
}

/// Where calls wait for a notification, having given up the lock, which they get back before they are answered.
final class ConditionObject: ServedObject {
    private let lock: LockObject
    private let line = WaitLine()

    init(id: ObjectID, lock: LockObject) {
        self.lock = lock
        super.init(id: id)
    }

    override func perform(
        _ operation: ObjectOperation, _ request: ObjectMessage, from member: Member, _ core: ObjectCore
    ) -> Answered {
        if operation == .count { return .number(line.count) }
        guard lock.holder == Caller(member: member.id, thread: request.thread) else { return .status(.notOwner) }
        switch operation {
        case .wait:
            let call: ParkedCall? = core.park(request, from: member, at: self, in: line)
            guard let call else { return .reply(.tooMany, values: [StoredValue(text: "waiting calls")]) }
            call.levels = lock.releaseCompletely(from: member, core)
            if let timeout = request.timeout, timeout <= 0 {
                call.leave()
                expired(call, core)
            }
            return .parked
        case .notify:
            var left = request.numbers.first ?? 1
            while left > 0, let call = line.next() {
                left -= 1
                call.wasNotified = true
                core.cancelTimer(call)
                lock.regain(call, core)
            }
            return .done
        case _: return .status(.wrongKind)
        }
    }

    override func expired(_ call: ParkedCall, _ core: ObjectCore) {
        core.cancelTimer(call)
        lock.regain(call, core)
    }

    override func destroyed(_ core: ObjectCore) { core.dropReference(to: lock.id) }
}
