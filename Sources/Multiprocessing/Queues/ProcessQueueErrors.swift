/// Why nothing was put into a queue between processes.
public enum ProcessPutError: Error, CustomStringConvertible {
    /// The queue had no room, and got none in time: Python's `queue.Full`.
    case full
    /// The queue was shut down, or closed by this process: Python's `ValueError` of a closed queue. It takes nothing.
    case closed
    /// The encoded element is larger than the whole queue.
    case tooLarge(bytes: Int, limit: Int)
    /// The element could not be encoded. In Python it vanishes, with a message on the standard error.
    case unencodable(any Error)
    /// The element carries descriptors (a lock, a connection, memory), which have no place in a queue.
    case carriesDescriptors

    /// “cannot put …: reason; what to do”.
    public var description: String {
        switch self {
        case .full: "cannot put into the queue: it is full; wait longer, or drop what it cannot take"
        case .closed: "cannot put into the queue: it was closed; stop producing"
        case .tooLarge(let bytes, let limit):
            "cannot put into the queue: the element has \(bytes) bytes, and the queue takes \(limit) at most; make the "
                + "queue with a larger byteCapacity, or pass large data in SharedMemory"
        case .unencodable(let error): "cannot put into the queue: the element cannot be encoded: \(error)"
        case .carriesDescriptors:
            "cannot put into the queue: the element carries descriptors, as locks and connections do; pass them by a "
                + "Connection or as an argument of the process"
        }
    }
}

/// Why nothing was got from a queue between processes.
public enum ProcessGetError: Error, CustomStringConvertible {
    /// There was nothing in the queue, and nothing came in time: Python's `queue.Empty`.
    case empty
    /// The queue was shut down and everything in it has been got, or this process has closed it.
    case closed
    /// What was put is no element of this type; it has been taken out of the queue.
    case undecodable(any Error)
    /// As many threads as a `JoinableQueue` can remember have items that are not done.
    case tooManyWorkers
    /// Some process has written over the queue's memory.
    case damaged

    /// “cannot get …: reason; what to do”.
    public var description: String {
        switch self {
        case .empty: "cannot get from the queue: it is empty; wait longer, or come back later"
        case .closed: "cannot get from the queue: it was closed; stop consuming"
        case .undecodable(let error):
            "cannot get from the queue: the element cannot be decoded (\(error)); use the same type on both sides"
        case .tooManyWorkers:
            "cannot get from the queue: 256 threads have items that are not done; report them as done first"
        case .damaged:
            "cannot get from the queue: its memory is damaged; find the process that has overwritten it"
        }
    }
}

/// Why the tasks of a `JoinableQueue` were not all reported as done.
public enum QueueJoinError: Error, Hashable, Sendable, CustomStringConvertible {
    /// This one had got so many items and died, or ended, before it called `taskDone()` for them. They are not waited
    /// for any more.
    case abandoned(items: Int, by: LockOwner?)
    /// The thread that joins has so many items itself, and would wait for itself.
    case ownItems(Int)

    /// “cannot join …: reason; what to do”.
    public var description: String {
        switch self {
        case .abandoned(let items, let owner):
            "cannot join the queue: \(owner.map { "\($0)" } ?? "a worker") ended with \(items) items not reported as "
                + "done; put them again, and join again for the rest"
        case .ownItems(let items):
            "cannot join the queue: this thread has \(items) items itself; report them with taskDone() first"
        }
    }
}
