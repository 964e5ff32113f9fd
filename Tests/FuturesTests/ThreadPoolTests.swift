import Futures
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct ThreadPoolTests {
    @Test func `what is submitted runs in a worker, and its future has the result`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 2, name: "oven")
        let value = try pool.submit { Thread.current.name }
        let error = try pool.submit { () throws(Mishap) -> Int in throw .burnt }
        #expect(try value.get() == "oven_0")
        #expect(throws: FutureError<Mishap>.failed(.burnt)) { try error.get() }
        try pool.shutdown()
    }

    @Test func `FU-021 there are as many workers as may be, and no more`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 4)
        let gate = Event()
        let running = Counter()
        let futures = try (0..<60).map { _ in
            try pool.submit {
                running.add()
                gate.wait()
            }
        }
        try eventually("four tasks run") { running.value == 4 }
        #expect(pool.workerCount == 4)
        gate.set()
        #expect(try wait(futures).pending.isEmpty)
        #expect(running.value == 60 && pool.workerCount == 4)
        try pool.shutdown()
    }

    @Test func `FU-022 an idle worker is used again`() throws {
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 8)
            for number in 0..<3 { #expect(try pool.submit { number }.get() == number) }
            #expect(pool.workerCount == 1)
            try pool.shutdown()
        }
    }

    @Test func `tasks that need each other run side by side`() throws {
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 4)
            let barrier = try Barrier(parties: 4)
            // A worker may be on its way to sleep at any of these moments.
            for _ in 0..<10 {
                let futures = try (0..<4).map { _ in try pool.submit { () throws(any Error) in try barrier.wait() } }
                #expect(try wait(futures, timeout: .seconds(60)).pending.isEmpty)
            }
            try pool.shutdown()
        }
    }

    @Test func `FU-023 workers are called by a prefix and a number`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 3, name: "prefix")
        let barrier = try Barrier(parties: 3)
        let names = try (0..<3).map { _ in
            try pool.submit { () throws(any Error) in
                try barrier.wait()
                return Thread.current.name
            }
        }
        #expect(try Set(names.map { try $0.get() }) == ["prefix_0", "prefix_1", "prefix_2"])
        try pool.shutdown()
        let (first, second) = (try ThreadPoolExecutor(), try ThreadPoolExecutor())
        let own = try [first, second].map { try $0.submit { Thread.current.name }.get() }
        #expect(own[0] != own[1] && own.allSatisfy { $0.hasPrefix("ThreadPoolExecutor-") && $0.hasSuffix("_0") })
        try first.shutdown()
        try second.shutdown()
    }

    @Test func `FU-024 what a task held is let go before its result is there, and the result with its future`() throws {
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 1)
            weak var held: Load?
            weak var result: Load?
            do {
                let load = Load()
                held = load
                let future = try pool.submit { [load] in withExtendedLifetime(load) { Load() } }
                _ = consume load
                result = try future.get()
                #expect(held == nil && result != nil)
            }
            try eventually("the worker has let the future go") { result == nil }
            try pool.shutdown()
        }
    }

    @Test func `what a cancelled task held is let go at once`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        let gate = Event()
        let busy = try pool.submit { gate.wait() }
        weak var held: Load?
        do {
            let load = Load()
            held = load
            let future = try pool.submit { [load] in withExtendedLifetime(load) {} }
            _ = consume load
            #expect(held != nil)
            future.cancel()
        }
        #expect(held == nil)
        gate.set()
        _ = try busy.get()
        try pool.shutdown()
    }

    @Test func `a queue full of cancelled tasks is swept`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        let gate = Event()
        _ = try pool.submit { gate.wait() }
        weak var first: Future<Void, Never>?
        let kept = try pool.submit { 7 }
        for number in 0..<5000 {
            let future = try pool.submit {}
            if number == 0 { first = future }
            future.cancel()
        }
        #expect(first == nil)
        gate.set()
        #expect(try kept.get() == 7)
        try pool.shutdown()
    }

    @Test func `numbers below one are refused`() {
        for number in [0, -1] {
            #expect(throws: ExecutorError.notPositive("the number of workers", number)) {
                try ThreadPoolExecutor(maxWorkers: number)
            }
            #expect(throws: ExecutorError.notPositive("the number of pending tasks", number)) {
                try ThreadPoolExecutor(maxPending: number)
            }
        }
        #expect((5...32).contains(ThreadPoolExecutor.defaultMaxWorkers))
    }

    @Test func `a pool that can start no thread says so, and runs nothing`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 2, maxPending: 1, options: ThreadOptions(stackSize: 1 << 60))
        let ran = Counter()
        for _ in 0..<3 {
            do {
                _ = try pool.submit { ran.add() }
                Issue.record("a thread was started with an impossible stack")
            } catch ExecutorError.thread {}
        }
        #expect(pool.workerCount == 0)
        try pool.shutdown()
        #expect(ran.value == 0)
    }

    @Test func `running work can be asked to stop`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        let started = Event()
        let future = try pool.submit {
            started.set()
            var looks = 0
            while !CurrentWork.isCancellationRequested { looks += 1 }
            return looks
        }
        started.wait()
        #expect(!future.requestCancellation())
        #expect(try future.get() >= 0)
        #expect(!CurrentWork.isCancellationRequested)
        try pool.shutdown()
    }

    @Test func `a worker that lets a result go, which takes long, is not counted on`() throws {
        final class Slow: Sendable {
            let gate: Event
            let isGoing: Event
            init(_ gate: Event, _ isGoing: Event) { (self.gate, self.isGoing) = (gate, isGoing) }
            deinit {
                isGoing.set()
                gate.wait()
            }
        }
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 2)
            let (begin, gate, isGoing) = (Event(), Event(), Event())
            _ = try pool.submit {
                begin.wait()
                return Slow(gate, isGoing)
            }
            // By now nobody but the worker has the future.
            begin.set()
            isGoing.wait()
            let other = try pool.submit { gate.set() }
            #expect(try wait([other], timeout: .seconds(60)).pending.isEmpty)
            try pool.shutdown()
        }
    }

    @Test func `a callback that takes long does not keep others from being served`() throws {
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 2)
            let (begin, gate, isCalled) = (Event(), Event(), Event())
            let first = try pool.submit { begin.wait() }
            first.onCompletion { _ in
                isCalled.set()
                gate.wait()
            }
            begin.set()
            isCalled.wait()
            let other = try pool.submit { gate.set() }
            #expect(try wait([other], timeout: .seconds(60)).pending.isEmpty)
            try pool.shutdown()
        }
    }

    @Test func `work whose result is let go in a worker does no harm`() throws {
        final class Bomb: Sendable {
            let pool: ThreadPoolExecutor
            init(_ pool: ThreadPoolExecutor) { self.pool = pool }
            deinit { _ = try? pool.submit {} }
        }
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        for _ in 0..<100 { _ = try pool.submit { Bomb(pool) } }
        for _ in 0..<100 { _ = try pool.submit { Bomb(pool) }.cancel() }
        try pool.shutdown()
    }
}

/// Something that tasks hold.
final class Load: Sendable {}

@Suite(.leavesNothing, .watchdog) struct InitializerTests {
    @Test func `FU-018 the initializer runs once in each worker, before its first task`() throws {
        let flag = ThreadLocal { 0 }
        let calls = Counter()
        let pool = try ThreadPoolExecutor(maxWorkers: 2) {
            flag.value += 1
            calls.add()
        }
        let barrier = try Barrier(parties: 2)
        let flags = try (0..<10).map { _ in
            try pool.submit { () throws(any Error) in
                try barrier.wait()
                return flag.value
            }
        }
        #expect(try flags.allSatisfy { try $0.get() == 1 })
        #expect(calls.value == 2)
        try pool.shutdown()
    }

    @Test func `workers start beside each other even if the initializer takes long`() throws {
        let barrier = try Barrier(parties: 3)
        let pool = try ThreadPoolExecutor(maxWorkers: 3) { try barrier.wait(timeout: .seconds(60)) }
        let futures = try (0..<3).map { number in try pool.submit { number } }
        #expect(try futures.map { try $0.get() } == [0, 1, 2])
        try pool.shutdown()
    }

    @Test func `☆ FU-019 an initializer that fails breaks the pool, with its error`() throws {
        try repeatedly { _ in
            let gate = Event()
            let pool = try ThreadPoolExecutor(maxWorkers: 2) {
                gate.wait()
                throw Mishap.spilled
            }
            let futures = try (0..<10).map { number in try pool.submit { number } }
            gate.set()
            for future in futures {
                guard case .failure(.broken(let reason)) = future.result() else {
                    Issue.record("a future of a broken pool has a result")
                    continue
                }
                #expect(reason.cause as? Mishap == .spilled)
            }
            // The first error is told to all who submit later.
            do {
                _ = try pool.submit {}
                Issue.record("a broken pool takes work")
            } catch ExecutorError.broken(let reason) {
                #expect(reason == .initializer(Mishap.burnt))
                #expect(reason.cause as? Mishap == .spilled)
            }
            try pool.shutdown()
            #expect(pool.workerCount == 0 && pool.isShutDown)
        }
    }
}

@Suite(.leavesNothing, .watchdog) struct BackPressureTests {
    @Test func `a full pool rejects, and takes again when there is room`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 1, maxPending: 2, whenFull: .reject)
        let gate = Event()
        let running = Event()
        let busy = try pool.submit {
            running.set()
            gate.wait()
        }
        running.wait()
        let first = try pool.submit { 1 }
        let second = try pool.submit { 2 }
        #expect(throws: ExecutorError.full) { try pool.submit { 3 } }
        // A cancelled one takes no room.
        first.cancel()
        let third = try pool.submit { 3 }
        #expect(throws: ExecutorError.full) { try pool.submit { 4 } }
        gate.set()
        #expect(try second.get() + third.get() == 5)
        _ = try busy.get()
        try pool.shutdown()
        #expect(throws: ExecutorError.shutDown) { try pool.submit { 5 } }
    }

    @Test func `whoever submits to a full pool waits for room`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 1, maxPending: 1)
        let most = Counter()
        let pending = Counter()
        let futures = try (0..<100).map { number in
            let future = try pool.submit {
                pending.add(-1)
                return number
            }
            most.raise(to: pending.add())
            return future
        }
        #expect(try futures.map { try $0.get() } == Array(0..<100))
        #expect(most.value <= 3)
        try pool.shutdown()
    }

    @Test func `whoever waits for room learns that the pool was shut down`() throws {
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 1, maxPending: 1)
            let gate = Event()
            let running = Event()
            _ = try pool.submit {
                running.set()
                gate.wait()
            }
            running.wait()
            _ = try pool.submit {}
            let crew = try Crew(3) { _ in
                do {
                    _ = try pool.submit {}
                    return false
                } catch ExecutorError.shutDown { return true }
            }
            try pool.shutdown(timeout: .zero)
            gate.set()
            // Whoever was late found room, and was refused all the same.
            #expect(try crew.join() == [true, true, true])
            try pool.shutdown()
        }
    }

    @Test func `a task that submits to its own full pool does the work itself`() throws {
        for whenFull in [WhenFull.wait, .reject] {
            let pool = try ThreadPoolExecutor(maxWorkers: 1, maxPending: 1, whenFull: whenFull)
            let outer = try pool.submit { () throws(any Error) in
                let queued = try pool.submit { 1 }
                let inPlace = try pool.submit { 2 }
                #expect(inPlace.isDone && !queued.isDone)
                return try queued.get() + inPlace.get()
            }
            #expect(try outer.get() == 3)
            // Room that was never taken is not given back.
            let again = try pool.submit { () throws(any Error) in
                let queued = try pool.submit { 1 }
                return try pool.submit { 2 }.isDone && !queued.isDone
            }
            #expect(try again.get())
            try pool.shutdown()
        }
    }
}
