import Glibc
package import Multiprocessing
import Threading

/// What the tests of objects in a server let other processes do with them.
package struct ObjectJob: Codable, Sendable {
    package var lock: RemoteLock?
    package var condition: RemoteCondition?
    package var permits: RemoteBoundedSemaphore?
    package var barrier: RemoteBarrier?
    package var queue: RemoteQueue<Int>?
    package var counts: RemoteDictionary<String, Int>?
    /// Set when the process has come so far.
    package var ready: RemoteEvent?
    /// Never set.
    package var never: RemoteEvent?
    package var count = 0
    package init() {}
}

/// An object of a type of the program.
package final class Account: Sendable {
    private let amount: Monitor<Int>
    package init(_ amount: Int) { self.amount = Monitor(amount) }
    package var balance: Int { amount.withLock { $0 } }
    package func add(_ more: Int) -> Int {
        amount.withLock {
            $0 += more; return $0
        }
    }
}

package struct AccountError: Error, Codable, Hashable {
    package let missing: Int
    package init(missing: Int) { self.missing = missing }
}

package struct PlainError: Error {}

package enum Bank {
    package static let add = RemoteMethod("add") { (account: Account, amount: Int) in account.add(amount) }
    package static let balance = RemoteMethod("balance") { (account: Account) in account.balance }
    /// Exposed nowhere.
    package static let hidden = RemoteMethod("hidden") { (account: Account) in account.balance }
    package static let overdraw = RemoteMethod("overdraw", throwing: AccountError.self) {
        (account: Account, amount: Int) -> Int in throw AccountError(missing: amount - account.balance)
    }
    package static let crash = RemoteMethod("crash") { (account: Account) -> Int in throw PlainError() }
    package static let account = RemoteType(
        "account", exposing: [add, balance, overdraw, crash], throwing: AccountError.self
    ) { (start: Int) in
        guard start >= 0 else { throw AccountError(missing: -start) }
        return Account(start)
    }
    package static let server = Manager.server(named: "bank", types: [account])
}

extension Tasks {
    package static let objects: [any RemoteCallable] = [
        Bank.server, countUp, putMany, holdRemoteLock, waitForLock, waitForItem, waitAtCondition, waitAtRemoteBarrier,
        holdPermits, holdTurn, beParent,
    ]

    package static let countUp = RemoteFunction("objects.countUp") { (job: ObjectJob) in
        for _ in 0..<job.count {
            try job.counts?.add(1, to: "added", initial: 0)
            try job.counts?.update("updated") { $0 = ($0 ?? 0) + 1 }
            try job.lock?.withLock {
                try job.counts?.set("locked", to: (job.counts?["locked"] ?? 0) + 1)
            }
        }
    }

    package static let putMany = RemoteFunction("objects.putMany") { (job: ObjectJob) in
        for number in 0..<job.count { try job.queue?.put(number) }
    }

    package static let holdRemoteLock = RemoteFunction("objects.holdLock") { (job: ObjectJob) in
        try job.lock?.acquire()
        try job.ready?.set()
        try job.never?.wait()
    }

    package static let waitForLock = RemoteFunction("objects.waitForLock") { (job: ObjectJob) in
        try job.ready?.set()
        try job.lock?.acquire()
        try job.never?.wait()
    }

    package static let waitForItem = RemoteFunction("objects.waitForItem") { (job: ObjectJob) in
        try job.ready?.set()
        _ = try job.queue?.get()
    }

    package static let waitAtCondition = RemoteFunction("objects.waitAtCondition") { (job: ObjectJob) in
        try job.condition?.withLock {
            try job.ready?.set()
            try job.condition?.wait()
        }
    }

    package static let waitAtRemoteBarrier = RemoteFunction("objects.waitAtBarrier") { (job: ObjectJob) in
        try job.barrier?.wait()
    }

    package static let holdPermits = RemoteFunction("objects.holdPermits") { (job: ObjectJob) in
        for _ in 0..<job.count { try job.permits?.acquire() }
        try job.ready?.set()
        try job.never?.wait()
    }

    package static let holdTurn = RemoteFunction("objects.holdTurn") { (job: ObjectJob) in
        try job.counts?.update("turn") { value in
            value = 5
            try job.ready?.set()
            try job.never?.wait()
        }
    }

    /// Starts a manager, says the number of its process, and never ends.
    package static let beParent = RemoteFunction("objects.beParent") { (connection: Connection) in
        let manager = Manager()
        try manager.start()
        try connection.send(Int(manager.process?.pid ?? 0))
        _ = try connection.receiveBytes()
    }
}
