import Futures
import Testing
import Threading
import ToolkitTesting

/// One at a time: two of them replace the handler for uncaught errors.
@Suite(.serialized, .leavesNothing, .watchdog) struct CallbackTests {
    @Test func `FU-031 callbacks run once each, with the future, in the order in which they were added`() throws {
        let endings: [(consuming Promise<Int, Mishap>) -> Void] = [
            { _ = $0.fulfill(1) }, { _ = $0.fail(.burnt) }, { $0.future.cancel() }, { _ in },
        ]
        for ending in endings {
            let promise = Promise<Int, Mishap>()
            let future = promise.future
            let calls = Log<Int>()
            for number in 0..<3 {
                future.onCompletion { done in
                    #expect(done === future && done.isDone)
                    calls.add(number)
                }
            }
            #expect(calls.entries.isEmpty)
            ending(promise)
            future.onCompletion { _ in calls.add(3) }
            #expect(calls.entries == [0, 1, 2, 3])
        }
    }

    @Test func `FU-032 a callback that throws does not keep others from running, and is reported`() {
        let reports = Log<String>()
        let before = Thread.uncaughtErrorHandler
        Thread.uncaughtErrorHandler = { uncaught in
            // Other tests may fail in threads of their own meanwhile.
            if uncaught.error is Mishap { reports.add("\(uncaught.error)") } else { before(uncaught) }
        }
        defer { Thread.uncaughtErrorHandler = before }
        let promise = Promise<Int, Mishap>()
        let future = promise.future
        let calls = Log<Int>()
        future.onCompletion { _ in calls.add(0) }
        future.onCompletion { _ in throw Mishap.burnt }
        future.onCompletion { _ in calls.add(1) }
        promise.fulfill(1)
        future.onCompletion { _ in throw Mishap.spilled }
        #expect(calls.entries == [0, 1])
        #expect(reports.entries == ["burnt", "spilled"])
    }

    @Test func `FU-032 a callback that throws harms neither a worker nor whoever cancels`() throws {
        let reports = Counter()
        let before = Thread.uncaughtErrorHandler
        Thread.uncaughtErrorHandler = { uncaught in
            if uncaught.error is Mishap { reports.add() } else { before(uncaught) }
        }
        defer { Thread.uncaughtErrorHandler = before }
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        let gate = Event()
        let busy = try pool.submit { gate.wait() }
        let failing: IntFuture = try pool.submit { () throws(Mishap) in throw .spilled }
        let cancelled = try pool.submit { 1 }
        busy.onCompletion { _ in throw Mishap.burnt }
        failing.onCompletion { _ in throw Mishap.burnt }
        cancelled.onCompletion { _ in throw Mishap.burnt }
        #expect(cancelled.cancel())
        gate.set()
        #expect(try pool.submit { 2 }.get() == 2)
        #expect(reports.value == 3 && pool.workerCount == 1)
        try pool.shutdown()
    }

    @Test func `FU-033 a callback that is added to a finished future runs at once, in the caller`() {
        let thread = Monitor<ThreadInfo?>(nil)
        IntFuture.fulfilled(1).onCompletion { _ in thread.withLock { $0 = Thread.current } }
        #expect(thread.withLock { $0 } == Thread.current)
    }

    @Test func `a callback that is added by a callback runs after those before it`() {
        let promise = Promise<Int, Mishap>()
        let calls = Log<Int>()
        promise.future.onCompletion { future in
            future.onCompletion { _ in calls.add(2) }
            calls.add(0)
        }
        promise.future.onCompletion { _ in calls.add(1) }
        promise.fulfill(1)
        #expect(calls.entries == [0, 1, 2])
    }

    @Test func `whoever waits does not wait for callbacks`() throws {
        let promise = Promise<Int, Mishap>()
        let future = promise.future
        let gate = Event()
        future.onCompletion { _ in gate.wait() }
        let box = Handover(promise)
        let thread = try Thread { _ = box.take()?.fulfill(5) }
        #expect(try future.get() == 5)
        #expect(try asCompleted([future]).next() === future)
        #expect(try wait([future]).done == [future])
        gate.set()
        try thread.join()
    }

    @Test func `callbacks that are added while the future gets done run once each, and in order`() throws {
        try repeatedly { _ in
            let promise = Promise<Int, Mishap>()
            let future = promise.future
            let calls = Log<Int>()
            let thread = try Thread {
                for number in 0..<50 { future.onCompletion { _ in calls.add(number) } }
            }
            promise.fulfill(1)
            try thread.join()
            try eventually("all were called") { calls.entries.count == 50 }
            #expect(calls.entries == Array(0..<50))
        }
    }

    @Test func `what a callback holds is let go when it has run`() {
        final class Load: Sendable {}
        let promise = Promise<Int, Mishap>()
        let future = promise.future
        weak var load: Load?
        do {
            let kept = Load()
            load = kept
            future.onCompletion { [kept] _ in withExtendedLifetime(kept) {} }
        }
        #expect(load != nil)
        promise.fulfill(1)
        #expect(load == nil)
    }
}
