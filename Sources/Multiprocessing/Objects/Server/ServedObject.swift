import Linux

/// An object of the server. All of them live in the server's only thread: whatever a request does is done at once and
/// as a whole, and where it has to wait it is parked.
class ServedObject {
    final let id: ObjectID
    /// How many proxies, values with a proxy in them, parked calls and other objects need it.
    final var references = 0
    /// Who changes it by a transaction, and who would like to.
    final var turn: Turn?

    init(id: ObjectID) { self.id = id }

    /// Carries out a request.
    ///
    /// - Returns: the answer; nil if the call was parked, or `perform` has answered by itself.
    func perform(
        _ operation: ObjectOperation, _ request: ObjectMessage, from member: Member, _ core: ObjectCore
    ) -> Answered {
        .reply(.wrongKind)
    }

    /// A parked call has waited too long. It is in no line any more.
    func expired(_ call: ParkedCall, _ core: ObjectCore) { core.finish(call, .status(.timedOut)) }

    /// A parked call is given up, because its client is gone. It is in no line any more.
    func withdrawn(_ call: ParkedCall, _ core: ObjectCore) {}

    /// A client is gone that had marked itself as a holder of this object.
    func reclaim(from member: Member, _ core: ObjectCore) {}

    /// Nobody needs the object any more: lets go of what it has.
    func destroyed(_ core: ObjectCore) {}
}

/// What came of a request at once.
enum Answered {
    case reply(ReplyStatus, numbers: [Int64] = [], values: [StoredValue] = [])
    case parked

    static func status(_ status: ReplyStatus) -> Answered { .reply(status) }
    static let done = Answered.reply(.done)
    static func number(_ number: some BinaryInteger) -> Answered { .reply(.done, numbers: [Int64(clamping: number)]) }
    static func flag(_ flag: Bool) -> Answered { .reply(.done, numbers: [flag ? 1 : 0]) }

    /// A value; `nothing` where there is none.
    static func value(_ value: StoredValue?) -> Answered {
        value.map { .reply(.done, values: [$0]) } ?? .reply(.nothing)
    }
}

/// A client of the server: one connection, whose end is the client's end.
final class Member {
    let id: UInt64
    /// Whether it may end the server, which ends with it.
    let isOwner: Bool
    /// How many proxies of each object the client has.
    var references: [ObjectID: Int] = [:]
    var parked: [ObjectIdentifier: ParkedCall] = [:]
    /// The objects that must be told when the client is gone: how often it holds them.
    var holds: [ObjectID: Int] = [:]
    var loans: Set<Ticket> = []

    init(id: UInt64, isOwner: Bool) {
        self.id = id
        self.isOwner = isOwner
    }

    func hold(_ object: ObjectID) { holds[object, default: 0] += 1 }

    func unhold(_ object: ObjectID) {
        guard let count = holds[object] else { return }
        holds[object] = count > 1 ? count - 1 : nil
    }
}

/// A thread of a client.
struct Caller: Hashable {
    let member: UInt64
    let thread: UInt64
}
