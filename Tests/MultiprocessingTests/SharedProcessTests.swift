import Foundation
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import ToolkitTesting

/// What processes share, while all of them live.
@Suite(.leavesNothing, .watchdog) struct SharedProcessTests {
    @Test func `processes that add under a lock lose nothing`() throws {
        let guarded = Guarded(lock: try SharedLock(), number: try SharedValue(0, lock: .none))
        let processes = try (0..<3).map { _ in try start(Tasks.addGuarded, Using(guarded, 500)) }
        try end(processes)
        #expect(guarded.number.value == 1500)
    }

    @Test func `MP-068 another process cannot release a lock`() throws {
        let lock = try SharedRLock()
        lock.acquire()
        let process = try start(Tasks.releaseOthers, lock)
        #expect(try process.result(of: Tasks.releaseOthers) == false)
        try process.join()
        #expect(lock.isMine)
        try lock.release()
    }

    @Test func `MP-071 threads and processes wait together, and as many are woken as were notified`() throws {
        let condition = try SharedCondition(lock: SharedLock())
        let processes = try (0..<3).map { _ in try start(Tasks.waitOnCondition, Using(condition)) }
        let crew = try Crew(3) { _ in
            try condition.withLock { held throws(any Error) in try held.wait(timeout: .seconds(60)) }
        }
        try eventually("all wait") { condition.withLock { $0.waiterCount } == 6 }
        var totals: [Int] = []
        for count in [2, 4, 3] { totals.append((totals.last ?? 0) + condition.withLock { $0.notify(count) }) }
        #expect(totals == [2, 6, 6])
        #expect(try crew.join() == [true, true, true])
        for process in processes { #expect(try process.result(of: Tasks.waitOnCondition)) }
        try end(processes)
    }

    @Test func `MP-075 a pulse of an event reaches processes that wait`() throws {
        let event = try SharedEvent()
        let processes = try (0..<2).map { _ in
            let (here, there) = try Pipe.duplex()
            let process = try start(Tasks.waitForEvent, Using(event, ready: there))
            there.close()
            _ = try here.receive(Int32.self)
            return process
        }
        // One may only be about to wait: it is released by the next pulse.
        while processes.contains(where: { $0.isAlive }) {
            event.set()
            event.clear()
        }
        for process in processes { #expect(try process.result(of: Tasks.waitForEvent)) }
        let setter = try start(Tasks.setEvent, event)
        #expect(event.wait(timeout: .seconds(60)))
        try setter.join()
    }

    @Test func `MP-076 MP-078 five processes pass a barrier a thousand times in step`() throws {
        let inStep = InStep(barrier: try SharedBarrier(parties: 5), arrived: try SharedAtomic(0))
        let processes = try (0..<5).map { _ in try start(Tasks.passBarrier, Using(inStep, 1000)) }
        for process in processes { #expect(try process.result(of: Tasks.passBarrier) == 1000) }
        try end(processes)
        #expect(inStep.arrived.load() == 5000)
    }

    @Test func `MP-076 an abort reaches the processes that wait at a barrier`() throws {
        let barrier = try SharedBarrier(parties: 3)
        let processes = try (0..<2).map { _ in try start(Tasks.waitAtBarrier, Using(barrier)) }
        try eventually("both wait") { barrier.waitingCount == 2 }
        barrier.abort()
        for process in processes {
            #expect(try process.result(of: Tasks.waitAtBarrier) == "\(SharedBarrierError.broken)")
        }
        try end(processes)
    }

    @Test func `MP-079 a child writes values of all types, and its parent sees them`() throws {
        let values = try Values()
        try end([start(Tasks.writeValues, values)])
        #expect(values.int.value == -7 && values.double.value == 3.5 && values.short.value == -300)
        #expect(values.long.value == 1 << 60 && values.character.value == UInt8(ascii: "z"))
    }

    @Test func `MP-090 a child writes into arrays, lists and memory, and its parent sees it`() throws {
        let array = try SharedArray(repeating: Int32(0), count: 1000)
        let memory = try SharedMemory(size: 100)
        let list = try ShareableList([.string("ああ"), .int(1), .none])
        let number = try SharedAtomic(0)
        try end([
            start(Tasks.fillArray, array), start(Tasks.writeMemory, memory), start(Tasks.setItems, list),
            start(Tasks.addAtomic, Using(number, 1000)),
        ])
        #expect(array[999] == 998_001)
        #expect(try memory.withBytes { $0.unsafeLoad(fromByteOffset: 8, as: UInt32.self) } == 0xCAFE)
        #expect(try list.items == [.string("日本"), .double(2.5), .none])
        #expect(number.load() == 1000)
    }

    @Test func `★ MP-057 a child that has put a megabyte ends, whether its parent has got that or not`() throws {
        try repeatedly { _ in
            let queue = try ProcessQueue<[UInt8]>()
            let child = try start(Tasks.putOne, Using(queue, 1 << 20))
            #expect(try child.join(timeout: .seconds(60)) == .exited(code: 0))
            #expect(try queue.get(timeout: .zero).count == 1 << 20)
        }
    }

    @Test func `numbers go through a queue from process to process`() throws {
        let queue = try ProcessQueue<Int>(capacity: 64)
        let producers = try (0..<2).map { _ in try start(Tasks.putNumbered, Using(queue, 2000)) }
        let consumers = try (0..<2).map { _ in try start(Tasks.sumNumbers, Using(queue, 2000)) }
        let sums = try consumers.map { try $0.result(of: Tasks.sumNumbers) }
        #expect(sums.reduce(0, +) == 2 * 1999 * 1000)
        try end(producers + consumers)
        #expect(queue.isEmpty)
    }

    @Test func `MP-055 four processes work, and the queue can be joined`() throws {
        let queue = try JoinableQueue<Int>()
        let workers = try (0..<4).map { _ in try start(Tasks.work, Using(queue)) }
        for number in 0..<10 { try queue.put(number) }
        #expect(try queue.join(timeout: .seconds(60)))
        queue.shutdown()
        let done = try workers.map { try $0.result(of: Tasks.work) }
        #expect(done.reduce(0, +) == 10)
        try end(workers)
    }
}

/// Starts a worker of the tests.
func start<Argument, Output>(
    _ function: RemoteFunction<Argument, Output>, _ argument: Argument
) throws -> Multiprocessing.Process {
    try Multiprocessing.Process(function, argument, in: TestContext.spawn)
}

/// Waits for processes that end by themselves, and well.
func end(_ processes: [Multiprocessing.Process]) throws {
    for process in processes { #expect(try process.join(timeout: .seconds(60)) == .exited(code: 0)) }
}
