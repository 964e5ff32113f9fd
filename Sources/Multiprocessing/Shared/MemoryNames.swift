import CLinux
import Linux
import Synchronization
import Threading

/// The names of shared memory: sockets of the kernel's abstract namespace, which have no file, and are gone with the
/// process that has them, even if that is killed.
///
/// Whoever connects to the socket of a name gets the descriptor of the memory; whoever connects to the one beside it
/// takes the name away. Nothing is ever read from those who connect, so none of them can hold up the thread that serves
/// all names of this process. It ends with the last name. Only processes of the same user are served, and believed.
enum MemoryNames {
    private enum Wish: String, CaseIterable {
        case open
        case unlink
    }

    /// One name that this process gives.
    private final class Offer: Sendable {
        let memory: SharedDescriptor
        let opens: UnixListener
        let unlinks: UnixListener

        init(_ memory: SharedDescriptor, as name: String) throws(SystemError) {
            self.memory = memory
            opens = try UnixListener(path: MemoryNames.address(name, .open))
            unlinks = try UnixListener(path: MemoryNames.address(name, .unlink))
        }
    }

    private struct State {
        var offers: [String: Offer] = [:]
        var isServed = false
        /// How often the server has begun to wait: what it holds is younger than the last change before that.
        var round = 0
        var bell: Bell?
    }

    private final class Bell: Sendable {
        let descriptor: EventDescriptor
        init() throws(SystemError) { descriptor = try EventDescriptor() }
    }

    private static let state = Monitor(State())
    private static let made = Atomic(0)
    /// How long a maker may take to hand out its memory.
    private static let patience = Duration.seconds(10)

    static func unique() -> String {
        let number = made.wrappingAdd(1, ordering: .relaxed).newValue
        return "roost-\(getpid())-\(number)-\(MonotonicClock.now() & 0xFFFF_FFFF)"
    }

    // MARK: - For the maker

    static func offer(_ memory: SharedDescriptor, as name: String) throws(SharedMemoryError) {
        try check(name)
        do throws(SystemError) {
            let offer = try Offer(memory, as: name)
            let bell = try Bell()
            try state.withLock { state throws(SystemError) in
                state.offers[name] = offer
                if state.isServed {
                    state.bell?.descriptor.signal()
                    return
                }
                state.bell = bell
                do {
                    let options = ThreadOptions(stackSize: 256 << 10, atExit: .detach)
                    _ = try Thread(name: "memory-names", options: options) { serve(bell) }
                } catch {
                    state.offers[name] = nil
                    throw SystemError("start the thread that hands out shared memory", errno: EAGAIN)
                }
                state.isServed = true
            }
        } catch {
            if error.errno == EADDRINUSE { throw .exists(name: name) }
            throw SharedMemoryError(error)
        }
    }

    /// Takes away a name that this process gives.
    ///
    /// - Returns: false if it does not.
    private static func withdrawOwn(_ name: String) -> Bool {
        let round = state.withLock { state -> Int? in
            guard state.offers.removeValue(forKey: name) != nil else { return nil }
            state.bell?.descriptor.signal()
            return state.round
        }
        guard let round else { return false }
        // The kernel keeps a socket for as long as somebody waits on it.
        state.wait(until: { $0.round > round || !$0.isServed })
        return true
    }

    /// The server's thread.
    private static func serve(_ bell: Bell) {
        while let farewells = serveOnce(bell) {
            // Now nobody holds the sockets any more, and the names can be given anew.
            for farewell in farewells { _ = try? farewell.stream.descriptor.sendMessage([1]) }
        }
    }

    /// Somebody who has taken a name away, and waits until that is done.
    private final class Farewell {
        let stream: UnixStream
        init(_ stream: consuming UnixStream) { self.stream = stream }
    }

    /// Waits for somebody, and serves all who are there.
    ///
    /// - Returns: nil if there are no names any more.
    private static func serveOnce(_ bell: Bell) -> [Farewell]? {
        let offers = state.withLock { state -> [Offer] in
            state.round += 1
            if state.offers.isEmpty {
                state.isServed = false
                state.bell = nil
            }
            return Array(state.offers.values)
        }
        if offers.isEmpty { return nil }
        var watches = [Watch(bell.descriptor.raw, .read)]
        for offer in offers {
            watches.append(Watch(offer.opens.descriptor.raw, .read))
            watches.append(Watch(offer.unlinks.descriptor.raw, .read))
        }
        _ = Watch.wait(&watches, until: nil)
        bell.descriptor.drain()
        var farewells: [Farewell] = []
        var isShort = false
        for (index, offer) in offers.enumerated() {
            if !watches[1 + 2 * index].ready.isEmpty { handOut(offer, &isShort) }
            guard !watches[2 + 2 * index].ready.isEmpty else { continue }
            if let farewell = takeAway(offer, &isShort) { farewells.append(farewell) }
        }
        if isShort {
            // They stay ready, and without a pause this thread would do nothing but ask.
            var bells = [Watch(bell.descriptor.raw, .read)]
            _ = Watch.wait(&bells, until: Deadline(after: pause).nanoseconds)
        }
        return farewells
    }

    /// After a shortage of descriptors.
    private static let pause = Duration.milliseconds(100)

    private static func handOut(_ offer: Offer, _ isShort: inout Bool) {
        // Who has gone again, or is somebody else's, gets nothing; and where there are no descriptors left, the next
        // round tries again.
        while let peer = nextPeer(offer.opens, &isShort) {
            guard isOurs(peer) else { continue }
            _ = try? peer.descriptor.sendMessage([1], descriptors: [offer.memory.descriptor.raw])
        }
    }

    private static func nextPeer(_ socket: borrowing UnixListener, _ isShort: inout Bool) -> UnixStream? {
        do throws(SystemError) {
            return try socket.accept()
        } catch {
            isShort = true
            return nil
        }
    }

    private static func takeAway(_ offer: Offer, _ isShort: inout Bool) -> Farewell? {
        guard let peer = nextPeer(offer.unlinks, &isShort), isOurs(peer) else { return nil }
        state.withLock { state in
            if let name = state.offers.first(where: { $0.value === offer })?.key { state.offers[name] = nil }
        }
        return Farewell(peer)
    }

    // MARK: - For all others

    static func find(_ name: String) throws(SharedMemoryError) -> SharedDescriptor {
        try check(name)
        if let own = state.withLock({ $0.offers[name]?.memory }) { return own }
        guard let descriptor = try ask(name, .open) else { throw .notFound(name: name) }
        return descriptor
    }

    static func withdraw(_ name: String) throws(SharedMemoryError) {
        try check(name)
        if !withdrawOwn(name) { _ = try ask(name, .unlink) }
    }

    private static func ask(_ name: String, _ wish: Wish) throws(SharedMemoryError) -> SharedDescriptor? {
        do throws(SystemError) {
            let stream = try UnixStream(connectingTo: address(name, wish), blocking: false)
            guard isOurs(stream) else { throw SystemError("ask", errno: ECONNREFUSED) }
            var watches = [Watch(stream.descriptor.raw, .read)]
            guard Watch.wait(&watches, until: Deadline(after: patience).nanoseconds) else {
                throw SystemError("ask", errno: EAGAIN)
            }
            var answer = [UInt8](repeating: 0, count: 1)
            guard var message = try stream.descriptor.receiveMessage(into: &answer), message.length == 1 else {
                throw SystemError("ask", errno: ECONNREFUSED)
            }
            guard let descriptor = message.takeDescriptor() else { return nil }
            return SharedDescriptor(descriptor)
        } catch {
            switch error.errno {
            // The maker has ended, or the name was taken away, before or while we asked.
            case ECONNREFUSED, ENOENT, ECONNRESET, EPIPE: throw .notFound(name: name)
            case EAGAIN: throw .notAnswering(name: name)
            default: throw SharedMemoryError(error)
            }
        }
    }

    private static func isOurs(_ stream: borrowing UnixStream) -> Bool {
        (try? stream.peerCredentials().uid) == geteuid()
    }

    private static func check(_ name: String) throws(SharedMemoryError) {
        guard (1...80).contains(name.utf8.count), !name.utf8.contains(0) else { throw .invalidName(name) }
    }

    private static func address(_ name: String, _ wish: Wish) -> String {
        "@roost-\(wish.rawValue)/\(geteuid())/\(name)"
    }
}
