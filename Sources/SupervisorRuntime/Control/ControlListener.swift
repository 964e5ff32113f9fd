import Glibc
package import Linux
package import Logging
package import Reactor
import Scheduling

/// The control channel's place in the file system, and the listening socket there.
///
/// A lock file beside the socket makes the place ours: without the lock nothing is removed, with it a socket that an
/// earlier roostd left is. When somebody removes the socket, or the directory around it, it comes back.
package final class ControlListener {
    package struct Place: Equatable, Sendable {
        package var path: String
        package var mode: UInt32
        /// Nil keeps the daemon's group.
        package var group: UInt32?

        package init(path: String, mode: UInt32 = 0o600, group: UInt32? = nil) {
            self.path = path
            self.mode = mode
            self.group = group
        }

        var lockPath: String { "\(path).lock" }
        var directory: String {
            let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            return parent.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : parent
        }
        var name: String { String(path.split(separator: "/").last ?? "") }
    }

    /// Another roostd has the place.
    package struct AlreadyRunning: Error, CustomStringConvertible {
        package let description: String

        init(_ path: String, holder: String?) {
            let pid = holder.flatMap { Int32($0.prefix { $0.isNumber }) }.map { " (pid \($0))" } ?? ""
            description =
                "cannot listen on \(path): roostd is already running there\(pid); stop it, or give this one "
                + "another socket in [daemon]"
        }
    }

    package enum Arrival: ~Copyable {
        case connection(UnixStream)
        /// There was no descriptor to keep it with: say so and close it.
        case noDescriptor(UnixStream)
    }

    private let place: Place
    private let loop: EventLoop
    private let logger: Logger
    private let onArrival: (consuming Arrival) -> Void

    private var lock: FileLock?
    private var listener: UnixListener?
    private var identity: FileIdentity?
    private var listenerSource: EventLoop.Source?
    private var inotify: Inotify?
    private var inotifySource: EventLoop.Source?
    private var watch: Int32?
    /// Any descriptor will do. Given up for a moment when they have run out, so that a waiting client can be told.
    private var spare: EventDescriptor?
    private var repair: EventLoop.TimerHandle?
    private var failures = 0

    /// News of a removal is waited out for this long, for it rarely comes alone.
    private static let settlingTime = Duration.milliseconds(100)
    private static let longestRetry = Duration.seconds(10)
    /// How often, and after how many milliseconds each, a lock is looked at whose holder is no more.
    private static let looks = 200
    private static let lookEvery: Int32 = 10
    /// Connections that one turn takes.
    private static let batch = 64

    package init(
        _ place: Place, loop: EventLoop, logger: Logger, onArrival: @escaping (consuming Arrival) -> Void
    ) throws {
        self.place = place
        self.loop = loop
        self.logger = logger
        self.onArrival = onArrival
        spare = try EventDescriptor()
        startWatching()
        do {
            try establish()
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    /// Stops listening and removes the socket. The lock file stays: who waits to open it must find the same file.
    package func close() {
        if let repair { loop.cancel(repair) }
        repair = nil
        stopListening()
        if let inotifySource { loop.remove(inotifySource) }
        inotifySource = nil
        inotify = nil
        removeOurSocket()
        identity = nil
        lock = nil
    }

    // MARK: - The place

    /// Makes everything as it should be; what is so already is left alone.
    private func establish() throws {
        try FilePlaces.makeDirectories(place.directory, mode: 0o755)
        watchDirectory()
        try takeLock()
        try bindSocket()
    }

    private func takeLock() throws {
        if lock != nil {
            let current = try FileIdentity(at: place.lockPath)
            if try lock?.identity() == current { return }
            // Somebody removed the lock file, and another roostd may hold a new one.
            lock = nil
        }
        var patience = Self.looks
        while true {
            guard let taken = try FileLock.acquire(place.lockPath) else {
                // Its name is a courtesy; that it is there is certain.
                let holder = try? BoundedFile.readText(place.lockPath, limit: 64)
                guard Self.isGone(holder), patience > 0 else { throw AlreadyRunning(place.path, holder: holder) }
                // It was killed in the middle of a spawn: its child has the lock until it executes its program, and
                // nobody tells when that is.
                patience -= 1
                poll(nil, 0, Self.lookEvery)
                continue
            }
            // Between the open and the lock the file may have been replaced; then the lock is on nothing.
            guard try taken.identity() == FileIdentity(at: place.lockPath) else { continue }
            try taken.sign("\(getpid())\n")
            lock = consume taken
            return
        }
    }

    /// Whether the process that signed the lock is no more.
    private static func isGone(_ signature: String?) -> Bool {
        guard let pid = signature.flatMap({ Int32($0.prefix { $0.isNumber }) }), pid > 0 else { return false }
        guard let process = try? ProcessFileSystem.statistics(of: pid) else { return !ProcessFileSystem.exists(pid) }
        return process.isZombie
    }

    private func bindSocket() throws {
        let current = try FileIdentity(at: place.path)
        if let current, current == identity { return }
        stopListening()
        if let current {
            guard current.kind == .socket else {
                throw SystemError("bind", "\(place.path) (there is something else; move it away)", errno: EEXIST)
            }
            // We hold the lock, so whoever listened there is gone.
            try FilePlaces.remove(place.path)
        }
        let listener = try UnixListener(path: place.path, mode: 0o600)
        identity = try FileIdentity(at: place.path)
        if let group = place.group { try FilePlaces.setGroup(place.path, group) }
        try FilePlaces.setMode(place.path, place.mode)
        listenerSource = try loop.add(listener.descriptor.raw, .read, priority: .control) { [unowned self] _ in
            accept()
        }
        self.listener = consume listener
    }

    private func stopListening() {
        if let listenerSource { loop.remove(listenerSource) }
        listenerSource = nil
        listener = nil
    }

    private func removeOurSocket() {
        do {
            guard let identity, try FileIdentity(at: place.path) == identity else { return }
            try FilePlaces.remove(place.path)
        } catch {
            logger.warning("\(error); the next roostd will remove it")
        }
    }

    // MARK: - Coming back

    private func startWatching() {
        do {
            let inotify = try Inotify()
            inotifySource = try loop.add(inotify.raw, .read, priority: .control) { [unowned self] _ in readNews() }
            self.inotify = consume inotify
        } catch {
            logger.warning("\(error); a socket that is removed will not come back by itself")
        }
    }

    private func watchDirectory() {
        do {
            watch = try inotify?.watch(
                place.directory, [.deleted, .movedOut, .created, .movedIn, .selfDeleted, .selfMoved])
        } catch {
            logger.warning("\(error); a socket that is removed will not come back by itself")
        }
    }

    private func readNews() {
        var isOurs = false
        do {
            while let events = try inotify?.next(), !events.isEmpty {
                for event in events where event.watch == watch || event.changes.contains(.overflow) {
                    let isAboutDirectory = !event.changes.isDisjoint(
                        with: [.selfDeleted, .selfMoved, .watchEnded, .overflow])
                    isOurs =
                        isOurs || isAboutDirectory || event.name == place.name
                        || event.name == "\(place.name).lock"
                    if event.changes.contains(.selfMoved), let watch { try inotify?.endWatch(watch) }
                }
            }
        } catch {
            logger.warning("\(error); looking at the socket's place again")
            isOurs = true
        }
        if isOurs { scheduleRepair(after: ControlListener.settlingTime) }
    }

    private func scheduleRepair(after delay: Duration) {
        guard repair == nil else { return }
        repair = loop.schedule(at: loop.now + delay) { [unowned self] in
            repair = nil
            restore()
        }
    }

    private func restore() {
        let before = identity
        do {
            try establish()
            failures = 0
            if identity != before { logger.notice("the control socket \(place.path) was gone and is back") }
        } catch {
            failures += 1
            if failures == 1 { logger.error("\(error); trying again") }
            let delay = ControlListener.settlingTime * Double(1 << min(failures, 7))
            scheduleRepair(after: min(delay, ControlListener.longestRetry))
        }
    }

    // MARK: - Connections

    private func accept() {
        for _ in 0..<ControlListener.batch {
            do {
                guard let stream = try listener?.accept() else { return }
                onArrival(.connection(stream))
            } catch  where error.errno == EMFILE || error.errno == ENFILE {
                guard turnOneAway() else { return pause(error) }
            } catch {
                return pause(error)
            }
        }
    }

    /// Takes a connection with the spare descriptor, for otherwise it would wake us again and again.
    private func turnOneAway() -> Bool {
        spare = nil
        defer { spare = try? EventDescriptor() }
        guard let stream = try? listener?.accept() else { return false }
        onArrival(.noDescriptor(stream))
        return true
    }

    /// Leaves connections in the queue for a while, when there is nothing to keep them with.
    private func pause(_ error: any Error) {
        logger.warning("\(error); new control connections wait")
        guard let source = listenerSource else { return }
        do {
            try loop.rearm(source, [])
            _ = loop.schedule(at: loop.now + .seconds(1)) { [weak self] in
                guard let self else { return }
                do { try loop.rearm(source, .read) } catch { pause(error) }
            }
        } catch {
            logger.error("\(error); the control channel is deaf until its socket is made anew")
        }
    }
}
