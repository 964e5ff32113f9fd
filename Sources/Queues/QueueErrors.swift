/// Why nothing was put into a queue.
public enum PutError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The queue had no room, and got none in time: Python's `queue.Full`.
    case full
    /// The queue was shut down: Python's `queue.ShutDown`. It will never take anything again.
    case closed

    /// “cannot put …: reason; what to do”.
    public var description: String {
        switch self {
        case .full: "cannot put into the queue: it is full; wait longer, or drop what it cannot take"
        case .closed: "cannot put into the queue: it was shut down; stop producing"
        }
    }
}

/// Why nothing was got from a queue.
public enum GetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There was nothing in the queue, and nothing came in time: Python's `queue.Empty`.
    case empty
    /// The queue was shut down and everything in it has been got: Python's `queue.ShutDown`. Nothing will ever come.
    case closed

    /// “cannot get …: reason; what to do”.
    public var description: String {
        switch self {
        case .empty: "cannot get from the queue: it is empty; wait longer, or come back later"
        case .closed: "cannot get from the queue: it was shut down and is empty; stop consuming"
        }
    }
}

/// Why a task could not be reported as done.
public enum TaskDoneError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It was called more often than there were items in the queue.
    case calledTooOften

    /// “cannot report …: reason; what to do”.
    public var description: String {
        "cannot report a task as done: that was called more often than items were put; call it once for each item, "
            + "or let withItem do it"
    }
}
