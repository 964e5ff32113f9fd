import Futures
import Glibc
import Threading

/// Never let go before the program ends.
private nonisolated(unsafe) var keptPool: ThreadPoolExecutor?

/// Nobody waits for the pool but the end of the program.
func poolAtExit() throws {
    let gate = Event()
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    for number in 0..<4 {
        _ = try pool.submit {
            gate.wait()
            say("task \(number)")
        }
    }
    _ = try pool.shutdown(timeout: .zero)
    gate.set()
}

/// A pool that nobody ever shuts down, with workers that have nothing to do.
func idlePoolAtExit() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    keptPool = pool
    try wait((0..<10).map { number in try pool.submit { number } })
}

/// A task that submits when the program is already ending, to its own pool and to a new one.
func submitAtExit() throws {
    let ending = Event()
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    keptPool = pool
    _ = try pool.submit {
        ending.wait()
        while !pool.isShutDown { sched_yield() }
        do { _ = try pool.submit {} } catch { say("\(error)") }
        do { _ = try ThreadPoolExecutor().submit {} } catch { say("\(error)") }
    }
    // Handlers run in reverse order: the pool's, which it added with its first worker, comes after this one.
    try Thread.atExit { ending.set() }
}

/// A thread that the end of the program waits for waits for a task that nobody has begun.
func exitWhileAwaited() throws {
    let gate = Event()
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    keptPool = pool
    _ = try pool.submit { gate.wait() }
    let future = try pool.submit { 7 }
    _ = try Thread {
        gate.set()
        say("got \((try? future.get()) ?? 0)")
    }
}

func workerExitsProgram() throws {
    keptPool = try ThreadPoolExecutor(maxWorkers: 1)
    _ = try keptPool?.submit { exit(4) }
    Event().wait()
}
