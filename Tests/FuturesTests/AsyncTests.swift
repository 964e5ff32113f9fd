import Futures
import FuturesAsync
import Testing
import Threading
import ToolkitTesting

/// Without `.leavesNothing`: the first task that sleeps makes the runtime open a timer, which it keeps.
@Suite(.watchdog) struct AsyncTests {
    @Test func `a task gets the value of a future, or its error`() async throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 2)
        #expect(try await pool.submit { 42 }.value == 42)
        let failing: IntFuture = try pool.submit { () throws(Mishap) in throw .burnt }
        await #expect(throws: FutureError<Mishap>.failed(.burnt)) { try await failing.value }
        let cancelled = States().cancelled
        await #expect(throws: FutureError<Mishap>.cancelled) { try await cancelled.value }
        try pool.shutdown()
    }

    @Test(.repeated) func `a task that waits is told when the future gets done`() async throws {
        let promise = Promise<Int, Mishap>()
        let future = promise.future
        let box = Handover(promise)
        async let value = future.value
        let thread = try Thread { _ = box.take()?.fulfill(5) }
        #expect(try await value == 5)
        try thread.join()
    }

    @Test func `a wait with a limit ends when it is over, and leaves nothing at the future`() async throws {
        let promise = Promise<Int, Mishap>()
        let future = promise.future
        await #expect(throws: FutureError<Mishap>.timedOut) { try await future.value(timeout: .zero) }
        await #expect(throws: FutureError<Mishap>.timedOut) { try await future.value(timeout: .milliseconds(10)) }
        #expect(future.observerCount == 0)
        promise.fulfill(1)
        #expect(try await future.value(timeout: .zero) == 1)
    }

    @Test(.repeated) func `a cancelled task stops waiting, and the future stays as it is`() async throws {
        let promise = Promise<Int, Mishap>()
        let future = promise.future
        let task = Task { try await future.value }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(future.state == .pending && future.observerCount == 0)
        promise.fulfill(1)
    }

    @Test func `run cancels work that has not begun when its task is cancelled`() async throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        let gate = Event()
        let busy = try pool.submit { gate.wait() }
        let ran = Counter()
        let task = Task { try await pool.run { ran.add() } }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        gate.set()
        #expect(try await busy.value)
        try pool.shutdown()
        #expect(ran.value == 0)
    }

    @Test func `run asks work that has begun to stop, and waits for it`() async throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        let started = Handover(Promise())
        let isStarted = started.future
        let stopped = Counter()
        let task = Task {
            try await pool.run {
                started.take()?.fulfill(1)
                while !CurrentWork.isCancellationRequested {}
                return stopped.add()
            }
        }
        _ = try await isStarted?.value
        task.cancel()
        #expect(try await task.value == 1)
        #expect(stopped.value == 1)
        try pool.shutdown()
    }

    @Test(.repeated) func `futures come as a sequence, in the order in which they get done`() async throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 4)
        let futures = try (0..<50).map { number in try pool.submit { number } }
        var sum = 0
        for await future in completions(of: futures + futures) { sum += try future.get() }
        #expect(sum == 1225)
        for await _ in completions(of: [IntFuture]()) { Issue.record("there is nothing to come") }
        try pool.shutdown()
    }

    @Test func `whoever leaves the sequence leaves nothing at the futures`() async throws {
        let promise = Promise<Int, Mishap>()
        let future = promise.future
        do {
            let sequence = completions(of: [future, IntFuture.fulfilled(1)])
            for await done in sequence {
                #expect(done !== future)
                break
            }
        }
        try eventually("nobody waits") { future.observerCount == 0 }
        promise.fulfill(1)
    }
}
