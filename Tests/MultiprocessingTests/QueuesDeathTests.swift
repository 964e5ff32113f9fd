import Foundation
import Multiprocessing
import MultiprocessingTasks
import Testing
import ToolkitTesting

/// Producers and consumers that are killed.
@Suite(.leavesNothing, .watchdog) struct QueuesDeathTests {
    @Test func `★ MP-063 a producer that is killed in the middle has put nothing, or a whole element`() throws {
        try randomly { random in
            let queue = try ProcessQueue<[UInt8]>(byteCapacity: 1 << 20)
            let producers = try (0..<2).map { _ in try begin(Tasks.putForever) { Using(queue, 100_000, ready: $0) } }
            let consumer = try Crew(1) { _ in
                while true {
                    let element = try queue.get(timeout: .seconds(60))
                    if element.isEmpty { return true }
                    if !element.allSatisfy({ $0 == element[0] }) { return false }
                }
            }
            for process in producers {
                pauseRandomly(&random)
                try kill(process)
            }
            try queue.put([], timeout: .seconds(60))
            #expect(try consumer.join() == [true])
            #expect(queue.isEmpty)
        }
    }

    @Test func `☆ a consumer that is killed takes one element at most, and leaves a queue that works`() throws {
        try randomly { random in
            let queue = try ProcessQueue<[UInt8]>(capacity: 20)
            let consumers = try (0..<2).map { _ in try begin(Tasks.getForever) { Using(queue, ready: $0) } }
            let producer = try Crew(1) { _ in
                for number in 0..<400 {
                    try queue.put([UInt8](repeating: UInt8(number & 0xFF), count: 1 + number * 10))
                }
            }
            for process in consumers {
                pauseRandomly(&random)
                try kill(process)
            }
            var elements: [[UInt8]] = []
            while producer.finishedCount == 0 || !queue.isEmpty {
                guard let element = try? queue.get(timeout: .milliseconds(20)) else { continue }
                elements.append(element)
            }
            try producer.join()
            // What is left is the end of what was put, without a gap.
            let sizes = elements.map { $0.count }
            #expect(sizes == Array(stride(from: 3991 - (sizes.count - 1) * 10, through: 3991, by: 10)))
            #expect(elements.allSatisfy { element in element.allSatisfy { $0 == element[0] } })
        }
    }

    @Test func `☆ consumers that are killed while they wait do not keep an element from others`() throws {
        try randomly { random in
            let queue = try ProcessQueue<[UInt8]>()
            let doomed = try (0..<2).map { _ in try begin(Tasks.getForever) { Using(queue, ready: $0) } }
            let survivor = try Crew(1) { _ in try queue.get(timeout: .seconds(60)) }
            pauseRandomly(&random)
            for process in doomed { try kill(process) }
            try queue.put([1])
            #expect(try survivor.join() == [[1]])
        }
    }

    @Test func `MP-064 a worker that is killed with items does not hold up join`() throws {
        let queue = try JoinableQueue<Int>()
        for number in 0..<3 { try queue.put(number) }
        let worker = try begin(Tasks.workAndHold) { Using(queue, 2, ready: $0) }
        #expect(try !queue.join(timeout: .milliseconds(1)))
        let joiner = try Crew(1) { _ in
            do {
                try queue.join()
                return "done"
            } catch {
                return "\(error)"
            }
        }
        try kill(worker)
        let answer = try #require(try joiner.join().first)
        #expect(answer.contains("process \(worker.pid)") && answer.contains("2 items"))
        try queue.withItem { #expect($0 == 2) }
        #expect(try queue.join())
    }

    @Test func `☆ however workers are killed, joining ends`() throws {
        try randomly { random in
            let queue = try JoinableQueue<Int>()
            let workers = try (0..<3).map { _ in try start(Tasks.work, Using(queue)) }
            for number in 0..<2000 { try queue.put(number) }
            pauseRandomly(&random)
            for worker in workers[..<2] {
                pauseRandomly(&random)
                try kill(worker)
            }
            var abandoned = 0
            while true {
                do {
                    #expect(try queue.join(timeout: .seconds(60)))
                    break
                } catch QueueJoinError.abandoned(let items, _) {
                    abandoned += items
                }
            }
            #expect(abandoned <= 2)
            #expect(queue.isEmpty && queue.pendingCount == 0)
            queue.shutdown()
            try end([workers[2]])
        }
    }
}
