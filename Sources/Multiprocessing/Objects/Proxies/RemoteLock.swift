/// What came of an attempt to take a lock of a server.
public enum RemoteAcquisition: Hashable, Sendable {
    /// The caller has the lock.
    case acquired
    /// The caller has the lock, and the process that had it before died holding it: what the lock guards may be in
    /// disorder. Told once.
    case abandoned
    /// The caller has it not: somebody else had it for all of the time.
    case timedOut

    init(_ status: ReplyStatus) {
        self =
            switch status {
            case .abandoned: .abandoned
            case .timedOut: .timedOut
            case _: .acquired
            }
    }

    /// Whether the caller has the lock now.
    public var isHeld: Bool { self != .timedOut }
}

/// The two kinds of lock of a server.
public protocol RemoteLockable: Codable, Hashable, Sendable {
    /// Takes the lock.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to try once.
    /// - Throws: `ObjectError`.
    @discardableResult
    func acquire(timeout: Duration?) throws(ObjectError) -> RemoteAcquisition

    /// Gives the lock back.
    ///
    /// - Throws: `ObjectError.notOwner` if the calling thread does not hold it.
    func release() throws(ObjectError)

    /// Whether any thread of any process holds the lock.
    var isLocked: Bool { get throws(ObjectError) }

    /// Whether the calling thread holds the lock.
    var isMine: Bool { get throws(ObjectError) }
}

extension RemoteLockable {
    /// Takes the lock, however long that takes.
    ///
    /// - Throws: `ObjectError`.
    @discardableResult
    public func acquire() throws(ObjectError) -> RemoteAcquisition { try acquire(timeout: nil) }

    /// Takes the lock if it is free.
    ///
    /// - Throws: `ObjectError`.
    public func tryAcquire() throws(ObjectError) -> RemoteAcquisition { try acquire(timeout: .zero) }

    /// Runs `body` with the lock held, and releases it whether `body` returns or throws.
    ///
    /// - Parameters:
    ///   - recover: runs before `body` if the process that had the lock before died with it: puts in order what the
    ///     lock guards.
    ///   - body: what to do with the lock held.
    /// - Throws: `ObjectError`; what `body` throws.
    public func withLock<Result>(recover: () throws -> Void = {}, _ body: () throws -> Result) throws -> Result {
        let acquisition = try acquire(timeout: nil)
        return try run(acquisition, recover, body)
    }

    /// Runs `body` with the lock held, unless the lock cannot be had in time.
    ///
    /// - Returns: what `body` returned; nil if it did not run.
    /// - Throws: `ObjectError`; what `body` throws.
    public func withLock<Result>(
        timeout: Duration, recover: () throws -> Void = {}, _ body: () throws -> Result
    ) throws -> Result? {
        let acquisition = try acquire(timeout: timeout)
        return acquisition.isHeld ? try run(acquisition, recover, body) : nil
    }

    private func run<Result>(
        _ acquisition: RemoteAcquisition, _ recover: () throws -> Void, _ body: () throws -> Result
    ) throws -> Result {
        let result: Result
        do {
            if acquisition == .abandoned { try recover() }
            result = try body()
        } catch {
            try? release()
            throw error
        }
        try release()
        return result
    }
}

/// A lock in a server that one thread of all processes holds at a time: Python's `Lock` of a manager.
///
/// It belongs to the thread that took it; in Python anybody can release it. In return a death is no deadlock: when the
/// holder's process ends, the server gives the lock to the next one, who is told (`RemoteAcquisition.abandoned`). A
/// thread that takes it twice waits for itself.
public struct RemoteLock: RemoteLockable {
    let reference: ObjectReference

    /// Takes the lock.
    public func acquire(timeout: Duration?) throws(ObjectError) -> RemoteAcquisition {
        RemoteAcquisition(try reference.ask(.acquire, timeout: timeout).status)
    }

    /// Gives the lock back.
    public func release() throws(ObjectError) { try reference.ask(.release) }

    /// Whether any thread of any process holds the lock.
    public var isLocked: Bool {
        get throws(ObjectError) { try reference.ask(.state).isTrue }
    }

    /// Whether the calling thread holds the lock.
    public var isMine: Bool {
        get throws(ObjectError) { try reference.ask(.state).number(1) != 0 }
    }
}

/// A lock in a server that its holder may take again: Python's `RLock` of a manager. It is free when it was released as
/// often as it was taken.
public struct RemoteRLock: RemoteLockable {
    let reference: ObjectReference

    /// Takes the lock.
    public func acquire(timeout: Duration?) throws(ObjectError) -> RemoteAcquisition {
        RemoteAcquisition(try reference.ask(.acquire, timeout: timeout).status)
    }

    /// Gives the lock back, once.
    public func release() throws(ObjectError) { try reference.ask(.release) }

    /// Whether any thread of any process holds the lock.
    public var isLocked: Bool {
        get throws(ObjectError) { try reference.ask(.state).isTrue }
    }

    /// Whether the calling thread holds the lock.
    public var isMine: Bool {
        get throws(ObjectError) { try reference.ask(.state).number(1) != 0 }
    }
}

/// Where threads of several processes wait until another one says that something has changed: Python's `Condition` of a
/// manager.
///
/// Waiting and notifying need the lock: `ObjectError.notOwner` otherwise. Several conditions may share a lock. A
/// process that is killed while it waits is forgotten.
public struct RemoteCondition: Codable, Hashable, Sendable {
    let reference: ObjectReference
    private let lockReference: ObjectReference

    init(reference: ObjectReference, lock: ObjectReference) {
        self.reference = reference
        lockReference = lock
    }

    /// The lock that is held while waiting begins and ends. It may be taken again by its holder, unless the condition
    /// was made with a lock that may not.
    public var lock: RemoteRLock { RemoteRLock(reference: lockReference) }

    /// Runs `body` with the lock held.
    ///
    /// - Throws: `ObjectError`; what `body` throws.
    public func withLock<Result>(recover: () throws -> Void = {}, _ body: () throws -> Result) throws -> Result {
        try lock.withLock(recover: recover, body)
    }

    /// Waits for a notification. The lock is released meanwhile, however often it was taken, and held again afterwards.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait at most; nil for no limit, zero or less to give the lock to others once.
    ///   - recover: runs, with the lock held, if a process died holding it meanwhile.
    /// - Returns: false if the timeout passed before anybody notified.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func wait(timeout: Duration? = nil, recover: () -> Void = {}) throws(ObjectError) -> Bool {
        let answer = try reference.ask(.wait, timeout: timeout)
        if answer.status == .abandoned { recover() }
        return answer.isTrue
    }

    /// Waits until `predicate` holds, which is asked now and after every notification, with the lock held.
    ///
    /// - Returns: the last answer of `predicate`: false only if the timeout passed.
    /// - Throws: `ObjectError`; what `predicate` throws.
    @discardableResult
    public func wait(timeout: Duration? = nil, until predicate: () throws -> Bool) throws -> Bool {
        let clock = ContinuousClock()
        let end = timeout.map { clock.now + $0 }
        while try !predicate() {
            let left = end.map { clock.now.duration(to: $0) }
            if let left, left <= .zero { return false }
            if try !wait(timeout: left) { return try predicate() }
        }
        return true
    }

    /// Wakes up to `count` of those that have waited longest.
    ///
    /// - Throws: `ObjectError`.
    public func notify(_ count: Int = 1) throws(ObjectError) { try reference.ask(.notify, [Int64(count)]) }

    /// Wakes all that wait.
    ///
    /// - Throws: `ObjectError`.
    public func notifyAll() throws(ObjectError) { try notify(.max) }

    /// How many wait.
    public var waiterCount: Int {
        get throws(ObjectError) { try reference.ask(.count).number() }
    }
}
