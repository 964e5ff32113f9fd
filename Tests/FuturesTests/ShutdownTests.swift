import Futures
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct ShutdownTests {
    @Test func `FU-012 a second shutdown is fine`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        #expect(!pool.isShutDown)
        _ = try pool.submit {}
        #expect(try pool.shutdown(timeout: nil))
        #expect(try pool.shutdown(cancelPending: true, timeout: .zero))
        #expect(pool.isShutDown && pool.workerCount == 0)
        #expect(throws: ExecutorError.shutDown) { try pool.submit {} }
        let unused = try ThreadPoolExecutor()
        #expect(try unused.shutdown(timeout: .zero))
    }

    @Test func `FU-013 a shutdown that waits returns when all is done`() throws {
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 5)
            let done = Counter()
            let futures = try (0..<50).map { _ in try pool.submit { done.add() } }
            try pool.shutdown()
            #expect(futures.allSatisfy { $0.isDone && !$0.isCancelled })
            #expect(done.value == 50)
        }
    }

    @Test func `FU-014 a shutdown can cancel what nobody has begun`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 5)
        let gate = Event()
        let running = Counter()
        let futures = try (0..<50).map { _ in
            try pool.submit {
                running.add()
                gate.wait()
            }
        }
        try eventually("five tasks run") { running.value == 5 }
        #expect(try !pool.shutdown(cancelPending: true, timeout: .zero))
        #expect(futures.count { $0.isCancelled } == 45)
        gate.set()
        try pool.shutdown()
        #expect(futures.count { $0.problem == "none" } == 5 && running.value == 5)
    }

    @Test func `☆ FU-015 a task that is cancelled at once does not hold up the shutdown`() throws {
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 1)
            let future = try pool.submit {}
            let isCancelled = future.cancel()
            #expect(try pool.shutdown(timeout: .seconds(60)))
            #expect(future.isCancelled == isCancelled && future.isDone)
        }
    }

    @Test func `a shutdown with a limit ends when it is over`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        let gate = Event()
        _ = try pool.submit { gate.wait() }
        let time = try elapsed {
            let isOver = try pool.shutdown(timeout: .milliseconds(20))
            #expect(!isOver)
        }
        #expect(time >= .milliseconds(20))
        gate.set()
        try pool.shutdown()
    }

    @Test func `FU-045 a task that shuts down its own pool and would wait for itself gets an error`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        let future = try pool.submit { () throws(ExecutorError) in try pool.shutdown() }
        #expect(throws: FutureError<ExecutorError>.failed(.wouldDeadlock)) { try future.get() }
        #expect(!pool.isShutDown)
        let unwaiting = try pool.submit { () throws(ExecutorError) in try pool.shutdown(timeout: .zero) }
        #expect(try !unwaiting.get())
        try pool.shutdown()
    }

    @Test func `a pool that is dropped finishes what it has, and ends its workers`() throws {
        try repeatedly { _ in
            let futures: [Future<String, Never>]
            let gate = Event()
            do {
                let pool = try ThreadPoolExecutor(maxWorkers: 2, name: "dropped")
                futures = try (0..<10).map { _ in
                    try pool.submit {
                        gate.wait()
                        return Thread.current.name
                    }
                }
            }
            gate.set()
            #expect(try futures.allSatisfy { try $0.get().hasPrefix("dropped_") })
            try eventually("the workers have ended") { !Thread.all.contains { $0.name.hasPrefix("dropped_") } }
        }
    }

    @Test func `a pool may be let go by its own worker`() throws {
        let future: Future<Bool, Never>
        do {
            let pool = try ThreadPoolExecutor(maxWorkers: 1)
            let gate = Event()
            future = try pool.submit { [pool] in gate.wait() && !pool.isShutDown }
            gate.set()
        }
        #expect(try future.get())
    }

    @Test func `withThreadPool waits for what was submitted, and cancels it if its body throws`() throws {
        let done = Counter()
        let futures = try withThreadPool(maxWorkers: 2) { pool in
            try (0..<10).map { _ in try pool.submit { done.add() } }
        }
        #expect(done.value == 10 && futures.allSatisfy(\.isDone))
        let gate = Event()
        let queued = Monitor<Future<Void, Never>?>(nil)
        #expect(throws: Mishap.burnt) {
            try withThreadPool(maxWorkers: 1) { pool in
                let busy = try pool.submit { gate.wait() }
                let last = try pool.submit {}
                queued.withLock { $0 = last }
                last.onCompletion { _ in gate.set() }
                try eventually("the worker is busy") { busy.isRunning }
                throw Mishap.burnt
            }
        }
        #expect(queued.withLock { $0?.isCancelled } == true)
    }

    @Test func `what is submitted while the pool is shut down is either done or refused`() throws {
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 2)
            let ran = Counter()
            let crew = try Crew(3) { _ in
                var taken: [Future<Int, Never>] = []
                do {
                    while taken.count < 10_000 { taken.append(try pool.submit { ran.add() }) }
                } catch ExecutorError.shutDown {}
                return taken
            }
            try eventually("some ran") { ran.value > 10 }
            try pool.shutdown()
            let taken = try crew.join().flatMap { $0 }
            #expect(taken.allSatisfy(\.isDone) && taken.count == ran.value)
        }
    }
}
