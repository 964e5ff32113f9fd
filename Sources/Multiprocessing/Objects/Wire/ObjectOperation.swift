/// What a client can ask of the server, or of one of its objects. The numbers are those of the wire.
enum ObjectOperation: UInt16 {
    // The server.
    /// Who are you, and where is your door?
    case greet = 1
    /// Make an object of a kind: the kind and its numbers, and what is to be in it.
    case create
    /// Make an object of a registered type: the type's name, and a parcel with the argument.
    case createRegistered
    /// One reference more to the object.
    case retain
    /// So many references less; `numbers` are objects. Has no answer.
    case letGo
    /// Keep the object for whoever comes with a ticket, whose two numbers the client has chosen: for as long as
    /// somebody has the other end of the socket that comes along, or else for one who comes while the client lives.
    case lend
    /// I have this ticket.
    case redeem
    /// How many objects and how many connections there are.
    case census
    /// End. Only whoever started the server may say so.
    case stop

    // Values, lists, dictionaries and sets. A place is a number in a list, and a value in a dictionary.
    case get = 20
    case set
    case exchange
    case compareExchange
    case add
    case count
    case contains
    case append
    case insert
    case remove
    case removeLast
    case removeAll
    case read
    case replace
    case find
    case occurrences
    case reverse
    case swap
    case insertIfAbsent
    case merge
    case subtract
    case intersect
    case toggle

    // Atomic changes that a client works out.
    case beginUpdate = 50
    case commitUpdate
    case endUpdate

    // Queues.
    case put = 60
    case take
    case taskDone
    case join
    case shutDown
    case state

    // Locks, semaphores, conditions, events, barriers.
    case acquire = 70
    case release
    case wait
    case notify
    case signal
    case clear
    case reset
    case abort

    // Objects of a registered type.
    case call = 80
}

/// What kinds of object the library has.
enum ObjectKind: Int64 {
    case value = 1
    case list
    case array
    case dictionary
    case set
    case namespace
    case queue
    case lock
    case recursiveLock
    case semaphore
    case boundedSemaphore
    case condition
    case event
    case barrier
    case registered
}

/// What came of a request.
enum ReplyStatus: UInt8 {
    case done = 0
    /// There is no such thing; no error by itself.
    case nothing
    case timedOut
    /// A lock is held now, and whoever had it before died.
    case abandoned

    // Errors. `numbers` and `values` say more.
    case gone = 32
    case wrongKind
    case notExposed
    case unknownType
    case failed
    case outOfRange
    case changed
    case notOwner
    case full
    case closed
    case overLimit
    case broken
    case calledTooOften
    case tooMany
    case nested
    case notANumber
    case overflow
    case malformed
    case invalid
}
