import Synchronization
import Threading

/// A few threads that do the same, as CPython's lock tests have them.
package struct Crew<Success: Sendable>: Sendable {
    private let threads: [Thread<Success, any Error>]

    /// Starts `count` threads; each gets its number, from 0.
    package init(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Success) throws {
        threads = try (0..<count).map { number in
            try Thread(name: "crew-\(number)") { () throws(any Error) in try body(number) }
        }
    }

    /// What each of them returned, once all have ended.
    @discardableResult
    package func join() throws -> [Success] { try threads.map { try $0.join() } }

    /// How many have ended.
    package var finishedCount: Int { threads.count { $0.isFinished } }
}

/// A number that many threads change.
package final class Counter: Sendable {
    private let number: Atomic<Int>

    package init(_ value: Int = 0) { number = Atomic(value) }

    package var value: Int { number.load(ordering: .sequentiallyConsistent) }

    @discardableResult
    package func add(_ amount: Int = 1) -> Int {
        number.wrappingAdd(amount, ordering: .sequentiallyConsistent).newValue
    }

    /// Keeps the greatest number that was ever given.
    package func raise(to value: Int) { _ = number.max(value, ordering: .sequentiallyConsistent) }
}

/// A list to which many threads add.
package final class Log<Entry: Sendable>: Sendable {
    private let monitor = Monitor<[Entry]>([])

    package init() {}

    package func add(_ entry: Entry) { monitor.withLock { $0.append(entry) } }

    package var entries: [Entry] { monitor.withLock { $0 } }
}

/// What some test throws.
package struct Failure: Error, Hashable {
    package let reason: String
    package init(_ reason: String = "on purpose") { self.reason = reason }
}
