import Scheduling
import SupervisorCore

/// A pool named "p", changed as the test needs it.
func pool(
    slots: Int = 1, _ change: (inout PoolSettings) -> Void = { _ in },
    worker: (inout WorkerDefinition) -> Void = { _ in }
) -> WorkerDefinition {
    var definition = SupervisorCoreTests.worker("p") { definition in
        definition.instances = slots
        var settings = PoolSettings()
        settings.retry.delay = .zero
        settings.retry.jitter = 0
        change(&settings)
        definition.tasks = settings
        definition.restart.giveUp = nil
    }
    worker(&definition)
    return definition
}

extension Outside {
    /// A world in which the processes of one pool are up.
    init(pool definition: WorkerDefinition) {
        self.init(definition)
        spawnAll()
        _ = look()
    }

    /// Calls, and returns the request's number; the reply is in `replies` when it has come.
    mutating func call(
        _ task: String, timeout: Duration? = nil, waitsForRoom: Bool = false, key: String? = nil
    ) -> UInt64 {
        let call = PoolCall(
            pool: "p", task: Array(task.utf8), key: key, timeout: timeout, waitsForRoom: waitsForRoom)
        request(.call(call))
        return lastRequest
    }

    mutating func give(_ task: String, key: String? = nil) -> Reply? {
        request(.submit(queue: "p", TaskSubmission(work: .json(task), key: key), waitForRoom: false))
    }

    /// The store has taken all that it was given.
    mutating func acknowledgeStores() {
        let tickets = stores.map(\.ticket)
        stores = []
        for ticket in tickets { hear(.stored(ticket)) }
    }

    /// The process in a slot answers.
    mutating func answer(_ slot: String, _ line: String, extra: String = "") {
        hear(.taskAnswered(run(slot), Array(line.utf8), extra: Array(extra.utf8)))
    }

    /// What a caller was told, in a word or two; nil while it waits.
    func told(_ request: UInt64) -> String? {
        switch replies[request] {
        case nil: return nil
        case .called(let answer):
            switch answer.outcome {
            case .done(let bytes): return "done \(String(decoding: bytes, as: UTF8.self))"
            case .error(let bytes): return "error \(String(decoding: bytes, as: UTF8.self))"
            case .failed(let failure, let why): return "\(failure.rawValue): \(why)"
            case .cancelled(let why): return "cancelled: \(why)"
            }
        case .refused(let refusal): return "refused \(refusal)"
        case .some(let other): return "\(other)"
        }
    }

    /// The tasks that were sent, as "line to slot".
    var deliveries: [String] { sent.map { "\($0.line) to \($0.run.instance)" } }
}
