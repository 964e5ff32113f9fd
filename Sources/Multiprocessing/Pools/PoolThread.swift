import CLinux
import Futures
import Linux
import Subprocesses
import Synchronization
import Threading

/// The thread of a pool, which alone watches the workers, starts them, and takes what they answer.
final class PoolThread: @unchecked Sendable {
    /// Wakes the thread.
    let bell: EventDescriptor
    private var epoll: Epoll
    private var events: [Epoll.Event] = []
    private var timer: TimerDescriptor?
    private let packet = ReceivedPacket()
    private(set) var thread: Threading.Thread<Void, Never>?
    /// Others ask while it begins.
    private let id = Atomic<Int32>(0)

    private enum Token {
        static let bell: UInt64 = 0
        static let timer: UInt64 = 1
    }

    init() throws(SystemError) {
        bell = try EventDescriptor()
        epoll = try Epoll(batch: 64)
        try epoll.add(bell.raw, .read, token: Token.bell)
    }

    /// Starts it.
    func start(_ engine: PoolEngine) throws(ThreadError) {
        // Its end is waited for by `PoolEnd`, which first tells it to end.
        let options = ThreadOptions(atExit: .detach)
        thread = try KernelThread.withAllSignalsBlocked { () throws(ThreadError) in
            try Threading.Thread(name: "process-pool", options: options) { [self] in
                id.store(KernelThread.id, ordering: .relaxed)
                while turn(engine) {}
                engine.leave()
            }
        }
    }

    /// Whether the calling thread is this one.
    var isCurrent: Bool { KernelThread.id == id.load(ordering: .relaxed) }

    /// Once round: what can be done at once, and then what happens next. False when nothing can happen any more.
    private func turn(_ engine: PoolEngine) -> Bool {
        let plan = engine.plan()
        engine.fail(plan.failing)
        if plan.isOver { return false }
        arm(plan.killAt)
        for member in plan.waitForRoom { try? epoll.modify(member.raw, [.read, .write], token: member.number << 1) }
        for _ in 0..<plan.missing { startMember(engine) }
        let mayBlock = plan.missing == 0 && plan.failing.isEmpty && engine.mayGoToSleep()
        // It is never refused with what is given here; a signal ends it early, which does no harm.
        try? epoll.wait(blocking: mayBlock, into: &events)
        engine.hasWokenUp()
        for event in events {
            switch event.token {
            case Token.bell: bell.drain()
            case Token.timer: engine.killUnheeding()
            case let token:
                guard let member = engine.member(token >> 1) else { continue }
                if token & 1 == 1 {
                    end(member, engine)
                } else {
                    if event.readiness.contains(.write) { makeRoom(member, engine) }
                    if event.readiness != .write { receive(from: member, engine) }
                }
            }
        }
        return true
    }

    private func arm(_ moment: Int64?) {
        guard let moment else { return }
        do {
            if timer == nil {
                let new = try TimerDescriptor()
                try epoll.add(new.raw, .read, .edge, token: Token.timer)
                timer = consume new
            }
            try timer?.arm(at: moment)
        } catch {
            // Without a timer, rather too early than never.
            timer = nil
        }
    }

    // MARK: - Members

    private func startMember(_ engine: PoolEngine) {
        do throws(ProcessStartError) {
            let member = try engine.makeMember()
            do throws(SystemError) {
                try epoll.add(member.raw, .read, token: member.number << 1)
                try epoll.add(member.pidfd, .read, token: member.number << 1 | 1)
            } catch {
                try? epoll.remove(member.raw)
                _ = try? member.process.kill()
                _ = member.process.handle.wait(until: Deadline(after: nil))
                _ = member.process.exitStatus
                throw .connection(ConnectionError(error))
            }
            engine.add(member)
        } catch {
            engine.hasNotStarted(error)
        }
    }

    private func makeRoom(_ member: PoolMember, _ engine: PoolEngine) {
        try? epoll.modify(member.raw, .read, token: member.number << 1)
        engine.lock.withLock {
            member.isBlocked = false
            member.isWatchedForRoom = false
        }
    }

    /// Takes what a worker has said.
    private func receive(from member: PoolMember, _ engine: PoolEngine) {
        // Others want their turn, too.
        for _ in 0..<64 {
            switch take(from: member, engine) {
            case .more: continue
            case .nothing: return
            case .end:
                try? epoll.remove(member.raw)
                engine.hasHungUp(member)
                return
            }
        }
    }

    private enum Taken {
        case more
        case nothing
        case end
    }

    private func take(from member: PoolMember, _ engine: PoolEngine) -> Taken {
        do throws(ConnectionError) {
            switch try packet.receive(from: member.raw, waits: false) {
            case .nothing: return .nothing
            case .end: return .end
            case .message: break
            }
        } catch {
            if error == .malformed { return .end }
            // The answer was lost for want of memory or descriptors here. It was that of the first task.
            engine.hasLostAnswer(of: member, error)
            return .more
        }
        defer { packet.clear() }
        let message = unsafe packet.message
        guard let frame = unsafe PoolFrame(in: message, at: 0), frame.length == message.count - PoolFrame.size else {
            return .end
        }
        let body = unsafe UnsafeRawBufferPointer(rebasing: message[PoolFrame.size...])
        let reader = unsafe ParcelReader(body, descriptors: packet.descriptors)
        defer { reader.end() }
        switch frame.kind {
        case .ready:
            engine.isReady(member)
            return .more
        case .broken:
            engine.breakDown(.initializer((try? reader.decode(RemoteError.self)) ?? ConnectionError.malformed))
            return .more
        case .answer:
            guard let (task, isIdle) = engine.takeAnswered(member, frame) else { return .end }
            engine.finish(task, PoolAnswer(reader: reader, place: 0, limit: body.count))
            return isIdle ? .nothing : .more
        case .work, .initializer:
            return .end
        }
    }

    /// A worker has ended: takes what it has said before, and cares for what it had.
    private func end(_ member: PoolMember, _ engine: PoolEngine) {
        while take(from: member, engine) == .more || engine.hasOutstanding(member) && isReadable(member) {}
        try? epoll.remove(member.raw)
        try? epoll.remove(member.pidfd)
        let ending = member.process.handle.wait(until: Deadline(after: nil))
        _ = member.process.exitStatus
        engine.hasEnded(member, ending?.status ?? .unknown)
    }

    private func isReadable(_ member: PoolMember) -> Bool {
        var byte: UInt8 = 0
        return unsafe recv(member.raw, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0
    }
}
