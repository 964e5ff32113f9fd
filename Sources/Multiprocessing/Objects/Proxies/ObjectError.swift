import Linux

/// Why something could not be done with an object of a server.
public enum ObjectError: Error, Hashable, Codable, Sendable, CustomStringConvertible {
    /// The server has ended, or the connection with it is lost.
    case serverEnded
    /// The manager was not started, or was shut down.
    case notRunning
    /// The manager was started before.
    case alreadyStarted
    /// The server could not be started or reached, with the reason.
    case unreachable(String)
    /// The server and the client do not have the same key.
    case wrongKey
    /// The object is not there any more, or the client may not use it.
    case gone
    /// The object is of another kind, or cannot do that: the length of an array is fixed.
    case wrongKind
    /// The method is none that clients may call.
    case notExposed(type: String, method: String)
    /// The server's program has registered no such type.
    case unknownType(String)
    /// There is no such element.
    case outOfRange(count: Int)
    /// There is nothing of that name.
    case missing(String)
    /// The dictionary or the set has changed while it was read in parts.
    case changed
    /// The calling thread does not hold the lock.
    case notOwner
    /// The semaphore would have more permits than its limit.
    case overLimit(Int)
    /// A number makes no sense, such as a barrier for nobody.
    case invalid
    /// The barrier is broken: somebody gave up, or it was reset.
    case broken
    /// The call gave up, and the barrier is broken now.
    case timedOut
    /// The transaction is within another one of the same thread with the same object.
    case nested
    /// The value is no integer.
    case notANumber
    /// The sum does not fit the type of the value.
    case overflow
    /// The server has too many of something.
    case tooMany(String)
    /// The value cannot be sent or understood, with the reason.
    case unreadable(String)
    /// The server and the client do not understand each other.
    case malformed

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .serverEnded: "cannot use the object: its server has ended; start a new one, and make the object anew"
        case .notRunning: "cannot use the manager: it does not run; start it, or make a new one after a shutdown"
        case .alreadyStarted: "cannot start the manager: it was started before; use it, or make another one"
        case .unreachable(let reason): "cannot reach the server of the objects: \(reason)"
        case .wrongKey: "cannot connect to the server of the objects: the keys differ; use the same one"
        case .gone: "cannot use the object: it is not there any more; keep a proxy for as long as it is needed"
        case .wrongKind: "cannot do that with this object: it is of another kind, or its length is fixed"
        case .notExposed(let type, let method):
            "cannot call the method \(method) of \(type): it is not exposed; add it to the type's list"
        case .unknownType(let name):
            "cannot make a \(name): the server's program has not registered it; add it to the server's types"
        case .outOfRange(let count): "cannot use that element: there are \(count); stay within them"
        case .missing(let name): "cannot get \(name): there is nothing of that name; set it first"
        case .changed: "cannot read on: elements came or went meanwhile; read again, or take all at once"
        case .notOwner:
            "cannot release or use the lock: this thread does not hold it; do so in the thread that acquired it"
        case .overLimit(let limit):
            "cannot release a permit: the semaphore would have more than its limit of \(limit); release each once"
        case .invalid: "cannot do that: a number makes no sense; check it before"
        case .broken: "cannot pass the barrier: it is broken, somebody gave up or it was reset; reset() mends it"
        case .timedOut: "cannot pass the barrier: not all arrived in time, and it is broken now; reset() mends it"
        case .nested: "cannot update within an update of the same object: it would wait for itself; do it afterwards"
        case .notANumber: "cannot add: the value is no integer, or there is none; set it first"
        case .overflow: "cannot add: the sum does not fit the type of the value; take a larger one"
        case .tooMany(let what): "cannot do that: the server has too many \(what); raise its limit, or let some go"
        case .unreadable(let reason): "cannot pass the value: \(reason)"
        case .malformed: "cannot understand the server or the client: they are of different versions; build both anew"
        }
    }
}
