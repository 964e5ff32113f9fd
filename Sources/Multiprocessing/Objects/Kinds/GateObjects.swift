/// Permits. A bounded semaphore guards something of which there are so many, so the permits of a client that dies come
/// back; a plain one may as well count events, so there they do not.
final class SemaphoreObject: ServedObject {
    private var permits: Int
    private let limit: Int?
    private var taken: [UInt64: Int] = [:]
    private let line = WaitLine()

    init(id: ObjectID, permits: Int, isBounded: Bool) {
        self.permits = permits
        limit = isBounded ? permits : nil
        super.init(id: id)
    }

    override func perform(
        _ operation: ObjectOperation, _ request: ObjectMessage, from member: Member, _ core: ObjectCore
    ) -> Answered {
        switch operation {
        case .acquire:
            guard permits > 0 else { return core.park(request, from: member, at: self, in: line) }
            permits -= 1
            noteTaken(by: member)
            return .done
        case .release:
            guard let count = request.numbers.first, count >= 1 else { return .status(.invalid) }
            let most = limit ?? Int(Int32.max)
            guard count <= Int64(most - permits) else { return .reply(.overLimit, numbers: [Int64(most)]) }
            noteReleased(Int(count), by: member)
            give(Int(count), core)
            return .done
        case .state: return .number(permits)
        case _: return .status(.wrongKind)
        }
    }

    private func give(_ count: Int, _ core: ObjectCore) {
        permits += count
        while permits > 0, let next = line.next() {
            permits -= 1
            noteTaken(by: next.member)
            core.finish(next, .done)
        }
    }

    private func noteTaken(by member: Member) {
        guard limit != nil else { return }
        taken[member.id, default: 0] += 1
        member.hold(id)
    }

    private func noteReleased(_ count: Int, by member: Member) {
        guard limit != nil, let had = taken[member.id] else { return }
        taken[member.id] = had > count ? had - count : nil
        for _ in 0..<min(count, had) { member.unhold(id) }
    }

    override func reclaim(from member: Member, _ core: ObjectCore) {
        guard let limit, let count = taken.removeValue(forKey: member.id) else { return }
        // Others may have released for it.
        give(min(count, limit - permits), core)
    }
}

/// A flag that calls wait for.
final class EventObject: ServedObject {
    private var isSet = false
    private let line = WaitLine()

    override func perform(
        _ operation: ObjectOperation, _ request: ObjectMessage, from member: Member, _ core: ObjectCore
    ) -> Answered {
        switch operation {
        case .signal:
            isSet = true
            while let call = line.next() { core.finish(call, .done) }
            return .done
        case .clear:
            isSet = false
            return .done
        case .state: return .flag(isSet)
        case .wait: return isSet ? .done : core.park(request, from: member, at: self, in: line)
        case _: return .status(.wrongKind)
        }
    }
}

/// Where so many calls wait for each other. The place of a client that dies while it waits is free again.
final class BarrierObject: ServedObject {
    private let parties: Int
    private var isBroken = false
    private let line = WaitLine()

    init(id: ObjectID, parties: Int) {
        self.parties = parties
        super.init(id: id)
    }

    override func perform(
        _ operation: ObjectOperation, _ request: ObjectMessage, from member: Member, _ core: ObjectCore
    ) -> Answered {
        switch operation {
        case .wait:
            if isBroken { return .status(.broken) }
            if line.count + 1 == parties {
                var index: Int64 = 0
                while let call = line.next() {
                    core.finish(call, .number(index))
                    index += 1
                }
                return .number(index)
            }
            let answer: Answered = core.park(request, from: member, at: self, in: line)
            if case .reply(.timedOut, _, _) = answer { breakUp(core) }
            return answer
        case .reset:
            breakUp(core)
            isBroken = false
            return .done
        case .abort:
            breakUp(core)
            return .done
        case .state:
            return .reply(.done, numbers: [Int64(parties), Int64(line.count), isBroken ? 1 : 0])
        case _: return .status(.wrongKind)
        }
    }

    private func breakUp(_ core: ObjectCore) {
        isBroken = true
        while let call = line.next() { core.finish(call, .status(.broken)) }
    }

    override func expired(_ call: ParkedCall, _ core: ObjectCore) {
        core.finish(call, .status(.timedOut))
        breakUp(core)
    }
}
