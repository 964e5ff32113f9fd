/// Permits in a server, for several processes: Python's `Semaphore` of a manager.
///
/// A permit belongs to nobody, so it is not given back when a process dies; `RemoteBoundedSemaphore` does that.
public struct RemoteSemaphore: Codable, Hashable, Sendable {
    let reference: ObjectReference

    /// Takes a permit.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to try once.
    /// - Returns: whether it was had.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func acquire(timeout: Duration? = nil) throws(ObjectError) -> Bool {
        try reference.ask(.acquire, timeout: timeout).status == .done
    }

    /// Gives permits, all of them or none.
    ///
    /// - Throws: `ObjectError.invalid` for less than one; `overLimit` beyond 2³¹ - 1.
    public func release(_ count: Int = 1) throws(ObjectError) { try reference.ask(.release, [Int64(count)]) }

    /// Runs `body` with a permit, and gives it back.
    ///
    /// - Throws: `ObjectError`; what `body` throws.
    public func withPermit<Result>(_ body: () throws -> Result) throws -> Result {
        try acquire()
        defer { try? release() }
        return try body()
    }

    /// How many permits are free.
    public var availablePermits: Int {
        get throws(ObjectError) { try reference.ask(.state).number() }
    }
}

/// So many permits in a server and no more, for several processes: Python's `BoundedSemaphore` of a manager.
///
/// The permits that a process has taken and not given back are free again when it ends, however it does.
public struct RemoteBoundedSemaphore: Codable, Hashable, Sendable {
    let reference: ObjectReference
    private var plain: RemoteSemaphore { RemoteSemaphore(reference: reference) }

    /// Takes a permit.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to try once.
    /// - Returns: whether it was had.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func acquire(timeout: Duration? = nil) throws(ObjectError) -> Bool { try plain.acquire(timeout: timeout) }

    /// Gives permits back, all of them or none.
    ///
    /// - Throws: `ObjectError.invalid` for less than one; `overLimit` if there would be more than at first.
    public func release(_ count: Int = 1) throws(ObjectError) { try plain.release(count) }

    /// Runs `body` with a permit, and gives it back.
    ///
    /// - Throws: `ObjectError`; what `body` throws.
    public func withPermit<Result>(_ body: () throws -> Result) throws -> Result { try plain.withPermit(body) }

    /// How many permits are free.
    public var availablePermits: Int {
        get throws(ObjectError) { try plain.availablePermits }
    }
}

/// A flag in a server that threads of several processes can wait for: Python's `Event` of a manager.
public struct RemoteEvent: Codable, Hashable, Sendable {
    let reference: ObjectReference

    /// Whether it is set.
    public var isSet: Bool {
        get throws(ObjectError) { try reference.ask(.state).isTrue }
    }

    /// Sets it, and wakes all that wait.
    ///
    /// - Throws: `ObjectError`.
    public func set() throws(ObjectError) { try reference.ask(.signal) }

    /// Takes it back.
    ///
    /// - Throws: `ObjectError`.
    public func clear() throws(ObjectError) { try reference.ask(.clear) }

    /// Waits until it is set.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to look once.
    /// - Returns: whether it was set, even if it is not any more.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(ObjectError) -> Bool {
        try reference.ask(.wait, timeout: timeout).status == .done
    }
}

/// Where so many threads of several processes wait for each other: Python's `Barrier` of a manager.
///
/// A process that is killed while it waits has not come: somebody else can take its place. There is no action; the one
/// that gets the number `parties - 1` can do what is to be done once.
public struct RemoteBarrier: Codable, Hashable, Sendable {
    let reference: ObjectReference
    /// How many have to come.
    public let parties: Int

    /// Waits for the others.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit. Whoever gives up breaks the barrier for all.
    /// - Returns: a number from 0 to `parties - 1`, another one for each.
    /// - Throws: `ObjectError.timedOut` for the one who gave up; `broken` for all others.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(ObjectError) -> Int {
        let answer = try reference.ask(.wait, timeout: timeout)
        if answer.status == .timedOut { throw .timedOut }
        return answer.number()
    }

    /// Sends all that wait away with an error, and makes the barrier usable again.
    ///
    /// - Throws: `ObjectError`.
    public func reset() throws(ObjectError) { try reference.ask(.reset) }

    /// Breaks the barrier.
    ///
    /// - Throws: `ObjectError`.
    public func abort() throws(ObjectError) { try reference.ask(.abort) }

    /// How many wait.
    public var waitingCount: Int {
        get throws(ObjectError) { try reference.ask(.state).number(1) }
    }

    /// Whether it is broken.
    public var isBroken: Bool {
        get throws(ObjectError) { try reference.ask(.state).number(2) != 0 }
    }
}
