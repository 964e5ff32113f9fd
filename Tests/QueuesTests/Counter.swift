import Synchronization

/// A number that all threads of a test may raise.
final class Counter: Sendable {
    private let number: Atomic<Int>

    init(_ number: Int = 0) { self.number = Atomic(number) }

    var value: Int { number.load(ordering: .acquiring) }

    /// - Returns: the number as it was before.
    @discardableResult
    func add(_ difference: Int = 1) -> Int {
        number.wrappingAdd(difference, ordering: .acquiringAndReleasing).oldValue
    }
}
