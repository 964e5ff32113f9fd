import CLinux
import Linux
import Scheduling
import Threading

/// The only thread of a server: waits for all clients at once, and does what they ask.
final class ServerLoop {
    private enum Token {
        static let wake: UInt64 = 0
        static let timer: UInt64 = 1
        static let listener: UInt64 = 2
        static let signal: UInt64 = 3
        static let firstLink: UInt64 = 16
    }

    /// What is to be done at a time, besides what the objects want.
    private enum Chore {
        case dismiss(UInt64)
        case listenAgain
    }

    private let core: ObjectCore
    private let settings: ServerSetup
    private let mailbox: ServerMailbox
    private var epoll: Epoll
    private let timer: TimerDescriptor
    private let signals: SignalDescriptor?
    private var wasSignalled = false
    private var armed: Instant?
    private var chores: TimerWheel<Chore>
    private var links: [UInt64: ServerLink] = [:]
    /// How many links there are of each kind.
    private var counts = ServerLink.Counts()
    private var lastLink = Token.firstLink
    private var isListening = false
    private var isDelivering = false
    private let room = ReadingRoom()
    /// A client that takes no answers is not listened to beyond this.
    private static let longestBacklog = 8 << 20
    private static let pause = Duration.milliseconds(100)

    /// - Parameter signals: those that end the server.
    init(
        _ settings: ServerSetup, _ mailbox: ServerMailbox, signals: consuming SignalDescriptor? = nil
    ) throws(SystemError) {
        self.settings = settings
        self.mailbox = mailbox
        core = ObjectCore(limits: settings.limits, types: settings.types, now: Deadline.now)
        chores = TimerWheel(now: Deadline.now)
        epoll = try Epoll(batch: 256)
        timer = try TimerDescriptor()
        try epoll.add(mailbox.raw, .read, token: Token.wake)
        try epoll.add(timer.raw, .read, token: Token.timer)
        if let raw = signals?.raw { try epoll.add(raw, .read, token: Token.signal) }
        self.signals = signals
    }

    /// Serves until it is told to stop, or the owner is gone.
    func run() {
        ObjectScope.beginServing()
        if let listener = settings.listener {
            isListening = (try? epoll.add(listener.descriptor.raw, .read, token: Token.listener)) != nil
        }
        var events: [Epoll.Event] = []
        while !core.shouldStop, !mailbox.isStopped, !wasSignalled {
            takeNewcomers()
            arm()
            do throws(SystemError) {
                try epoll.wait(blocking: true, into: &events)
            } catch {
                // Only a lack of memory in the kernel; it is asked again.
                continue
            }
            for event in events { handle(event) }
        }
        mailbox.stop()
        _ = mailbox.takeDescriptors()
        deliver()
        for link in Array(links.values) { try? link.channel.flush() }
        links = [:]
    }

    private func handle(_ event: Epoll.Event) {
        switch event.token {
        case Token.wake: mailbox.drain()
        case Token.timer:
            armed = nil
            try? timer.disarm()
            let now = Deadline.now
            core.expire(at: now)
            deliver()
            while let (_, chore) = chores.popDue(at: now) { perform(chore) }
        case Token.listener: accept()
        case Token.signal: wasSignalled = true
        case let number:
            guard let link = links[number] else { return }
            if event.readiness.contains(.write) { flush(link) }
            if !event.readiness.subtracting(.write).isEmpty { receive(link) }
        }
    }

    private func arm() {
        let next = [core.nextDeadline, chores.nextDeadline()].compactMap { $0 }.min()
        guard let next, armed.map({ next < $0 }) ?? true else { return }
        // One that comes too early does no harm; one that cannot be set, of which the kernel knows no case, would.
        if (try? timer.arm(at: next.nanoseconds)) != nil { armed = next }
    }

    private func perform(_ chore: Chore) {
        switch chore {
        case .dismiss(let number):
            guard let link = links[number], case .newcomer = link.role else { return }
            close(link)
        case .listenAgain: listenAgain()
        }
    }

    // MARK: - New clients

    private func takeNewcomers() {
        for (descriptor, isOwner) in mailbox.takeDescriptors() { addClient(descriptor, isOwner: isOwner) }
    }

    private func addClient(_ descriptor: SharedDescriptor, isOwner: Bool = false) {
        guard counts.clients < settings.limits.connections, let link = add(PacketChannel(descriptor), .client)
        else { return }
        core.open(link.id, isOwner: isOwner)
    }

    private func add(_ channel: any ServerChannel, _ role: ServerLink.Role) -> ServerLink? {
        lastLink += 1
        let link = ServerLink(id: lastLink, channel: channel, role: role)
        guard (try? epoll.add(channel.raw, .read, token: link.id)) != nil else { return nil }
        links[link.id] = link
        counts.note(role, 1)
        return link
    }

    /// Whether somebody else may begin to show that it has the key. Others wait in the kernel.
    private var hasRoomForNewcomer: Bool {
        counts.newcomers < max(1, settings.limits.newcomers)
            && counts.clients + counts.newcomers < settings.limits.connections
    }

    private func stopListening() {
        guard isListening, let listener = settings.listener else { return }
        isListening = false
        try? epoll.remove(listener.descriptor.raw)
    }

    private func accept() {
        guard let listener = settings.listener, isListening else { return }
        guard hasRoomForNewcomer else { return stopListening() }
        let raw = roost_accept(listener.descriptor.raw)
        guard raw >= 0 else {
            switch roost_errno() {
            case EAGAIN, EINTR, ECONNABORTED: return
            case _:
                // Too many open files, or no memory: they wait in the kernel until there is room.
                stopListening()
                _ = chores.insert(.listenAgain, at: Deadline.now + Self.pause)
                return
            }
        }
        let descriptor = SharedDescriptor(OwnedDescriptor(adopting: raw))
        let isLocal = !(settings.address?.isStream ?? false)
        if !isLocal { _ = roost_set_no_delay(raw) }
        let number = Handshake.number()
        let channel: any ServerChannel = isLocal ? PacketChannel(descriptor) : StreamChannel(descriptor, reading: room)
        guard let link = add(channel, .newcomer(number)) else { return }
        send(Parcel(bytes: Handshake.challenge(number)), to: link)
        _ = chores.insert(.dismiss(link.id), at: Deadline.now + settings.limits.handshake)
    }

    private func listenAgain() {
        guard !isListening, hasRoomForNewcomer, let listener = settings.listener else { return }
        isListening = (try? epoll.add(listener.descriptor.raw, .read, token: Token.listener)) != nil
        if !isListening { _ = chores.insert(.listenAgain, at: Deadline.now + Self.pause) }
    }

    // MARK: - Requests

    private func receive(_ link: ServerLink) {
        if link.channel.backlog > Self.longestBacklog { return watch(link) }
        do throws(ConnectionError) {
            if case .newcomer = link.role {
                return try link.channel.receiveProof { handle($0, from: link) }
            }
            let limit = if case .door = link.role { Handshake.longest } else { settings.limits.requestBytes }
            try link.channel.receive(limit: limit, mostWaiting: Self.longestBacklog) { handle($0, from: link) }
        } catch {
            close(link)
        }
    }

    private func handle(_ parcel: Parcel, from link: ServerLink) {
        guard links[link.id] === link else { return }
        switch link.role {
        case .client: handleRequest(parcel, from: link)
        case .door:
            guard let end = try? parcel.decode(PassedDescriptor.self) else { return close(link) }
            addClient(end.shared)
        case .newcomer(let number):
            guard let answer = Handshake(key: settings.key).answer(to: parcel.bytes, number) else {
                send(Parcel(bytes: Handshake.refusal), to: link)
                return close(link)
            }
            counts.note(link.role, -1)
            link.role = .client
            counts.note(link.role, 1)
            listenAgain()
            core.open(link.id)
            send(Parcel(bytes: answer), to: link)
        }
    }

    private func handleRequest(_ parcel: Parcel, from link: ServerLink) {
        guard let request = ObjectMessage(parcel), let operation = request.operation else { return close(link) }
        if operation == .greet {
            var answer = ObjectMessage(id: request.id, code: UInt16(ReplyStatus.done.rawValue))
            let identity = settings.identity
            answer.numbers = [identity.first, identity.second, Int64(settings.limits.requestBytes)]
            return send(answer.encoded(), to: link)
        }
        if operation == .lend, let door = request.values.first?.descriptors.first {
            return lend(request, door, from: link)
        }
        // The clock is read only for those who may have to wait.
        let needsTime = request.timeout.map { $0 > 0 } ?? false
        core.handle(request, from: link.id, at: needsTime ? Deadline.now : .origin)
        deliver()
    }

    /// Keeps an object for as long as somebody has the other end of the door that came along.
    private func lend(_ request: ObjectMessage, _ door: SharedDescriptor, from link: ServerLink) {
        // Before it is lent, since afterwards nobody would end the loan; and only for a ticket that nobody has yet,
        // since the end of the door would end the other loan.
        guard let ticket = Ticket(request.numbers), !core.isLent(ticket) else {
            return send(ObjectMessage(id: request.id, code: UInt16(ReplyStatus.malformed.rawValue)).encoded(), to: link)
        }
        guard link.doors < settings.limits.loans, counts.doors < settings.limits.connections,
            let new = add(PacketChannel(door, isShared: true), .door(ticket))
        else {
            var answer = ObjectMessage(id: request.id, code: UInt16(ReplyStatus.tooMany.rawValue))
            answer.values = [StoredValue(text: "proxies on their way")]
            return send(answer.encoded(), to: link)
        }
        new.lender = link
        link.doors += 1
        core.handle(request, from: link.id, at: .origin)
        if !core.isLent(ticket) { close(new) }
        deliver()
    }

    // MARK: - Answers

    /// Sends the answers that the objects have given.
    private func deliver() {
        // A link that fails meanwhile may lead to more answers; the outermost one sends them, too.
        guard !isDelivering else { return }
        isDelivering = true
        defer { isDelivering = false }
        while !core.outbox.isEmpty {
            let answers = core.outbox
            core.outbox.removeAll(keepingCapacity: true)
            for (member, message) in answers {
                guard let link = links[member] else { continue }
                send(message.encoded(), to: link, for: message.id)
            }
        }
    }

    private func send(_ parcel: Parcel, to link: ServerLink, for request: UInt64? = nil) {
        do throws(ConnectionError) {
            try link.channel.send(parcel)
        } catch {
            if case .tooManyDescriptors = error, let request {
                // Handles cannot leave the machine; the client hears that instead.
                let refusal = ObjectMessage(id: request, code: UInt16(ReplyStatus.invalid.rawValue))
                return send(refusal.encoded(), to: link)
            }
            return close(link)
        }
        watch(link)
    }

    private func flush(_ link: ServerLink) {
        do throws(ConnectionError) {
            try link.channel.flush()
        } catch {
            return close(link)
        }
        if link.channel.hasHeldUp { receive(link) }
        watch(link)
    }

    /// Waits for what the link needs next.
    private func watch(_ link: ServerLink) {
        guard links[link.id] === link else { return }
        var interest: Readiness = link.channel.backlog > Self.longestBacklog ? [] : .read
        // What was held up goes on as soon as there is room, also if an answer to somebody else's call made it.
        if link.channel.backlog > 0 || link.channel.hasHeldUp { interest.insert(.write) }
        guard interest != link.interest else { return }
        link.interest = interest
        if (try? epoll.modify(link.channel.raw, interest, token: link.id)) == nil { close(link) }
    }

    private func close(_ link: ServerLink) {
        guard links.removeValue(forKey: link.id) != nil else { return }
        try? epoll.remove(link.channel.raw)
        counts.note(link.role, -1)
        switch link.role {
        case .client: core.close(link.id)
        case .door(let ticket):
            link.lender?.doors -= 1
            core.endLoan(ticket)
        case .newcomer: break
        }
        listenAgain()
        deliver()
    }
}

/// Somebody who is connected with the server.
final class ServerLink {
    enum Role {
        /// One that has not shown yet that it has the key; the number that it was sent.
        case newcomer([UInt8])
        case client
        /// The other end is on its way with a proxy: whoever has it can become a client by it.
        case door(Ticket)
    }

    let id: UInt64
    let channel: any ServerChannel
    var role: Role
    var interest: Readiness = .read
    /// Whose proxy a door is of, while that one is connected; and how many doors of a client are open.
    weak var lender: ServerLink?
    var doors = 0

    /// How many there are.
    struct Counts {
        private(set) var newcomers = 0
        private(set) var clients = 0
        private(set) var doors = 0

        mutating func note(_ role: Role, _ change: Int) {
            switch role {
            case .newcomer: newcomers += change
            case .client: clients += change
            case .door: doors += change
            }
        }
    }

    init(id: UInt64, channel: any ServerChannel, role: Role) {
        self.id = id
        self.channel = channel
        self.role = role
    }
}
