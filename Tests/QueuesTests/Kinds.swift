import Queues
import Testing

/// What the three queues with tasks have in common, for tests that are about any of them.
protocol NumberQueue: TaskQueue {
    init(capacity: Int?)
    func put(_ element: consuming sending Int, timeout: Duration?) throws(PutError)
    func get(timeout: Duration?) throws(GetError) -> sending Int
    func shutdown(immediate: Bool) -> sending [Int]
}

extension Queue<Int>: NumberQueue {}
extension LifoQueue<Int>: NumberQueue {}
extension PriorityQueue<Int, Int>: NumberQueue {}

extension NumberQueue {
    func tryPut(_ number: Int) throws(PutError) { try put(number, timeout: .zero) }
    func tryGet() throws(GetError) -> Int { try get(timeout: .zero) }
}

/// One of the kinds, as an argument of a test.
struct Kind: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable (Int?) -> any NumberQueue

    static let all = [
        Kind(testDescription: "first in, first out") { Queue<Int>(capacity: $0) },
        Kind(testDescription: "last in, first out") { LifoQueue<Int>(capacity: $0) },
        Kind(testDescription: "by priority") { PriorityQueue<Int, Int>(capacity: $0) },
    ]
}
