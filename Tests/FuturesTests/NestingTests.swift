import Futures
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct NestingTests {
    @Test func `★ FU-044 a task that waits for a queued one of its own pool does it itself`() throws {
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 1)
            let outer = try pool.submit { () throws(any Error) in
                let inner = try pool.submit { Thread.current.name }
                return try (inner.get(), Thread.current.name)
            }
            let (inner, own) = try outer.get()
            #expect(inner == own)
            try pool.shutdown()
        }
    }

    @Test func `all of a pool's workers may wait for tasks of the pool`() throws {
        @Sendable func fibonacci(_ number: Int, _ pool: ThreadPoolExecutor) throws -> Int {
            if number < 2 { return number }
            let left = try pool.submit { () throws(any Error) in try fibonacci(number - 1, pool) }
            let right = try pool.submit { () throws(any Error) in try fibonacci(number - 2, pool) }
            return try left.get() + right.get()
        }
        for workers in [1, 2, 3] {
            try withThreadPool(maxWorkers: workers) { pool in
                let future = try pool.submit { () throws(any Error) in try fibonacci(11, pool) }
                #expect(try future.get() == 89)
            }
        }
    }

    @Test func `a task may wait for many, for the first one, and for a map, of its own pool`() throws {
        try withThreadPool(maxWorkers: 1) { pool in
            let outer = try pool.submit { () throws(any Error) in
                let inner = try (0..<5).map { number in try pool.submit { number } }
                guard try wait(inner).pending.isEmpty else { return -1 }
                let others = try (0..<5).map { number in try pool.submit { number } }
                guard try wait(others, until: .first).done.count == 1 else { return -2 }
                var sum = 0
                try asCompleted(others).forEach { sum += try $0.get() }
                return try sum + pool.map(0..<5) { $0 }.collect().reduce(0, +)
            }
            #expect(try outer.get() == 20)
        }
    }

    @Test func `a task that waits for itself gets an error`() throws {
        try withThreadPool(maxWorkers: 2) { pool in
            let own = Monitor<IntFuture?>(nil)
            let future: IntFuture = try pool.submit { () throws(Mishap) in
                let own = own.wait(until: { $0 != nil }, then: { $0 }).flatMap { $0 }
                guard let own, own.problem == "timed out" else { return 0 }
                guard own.result(timeout: .seconds(60)).isError(.wouldDeadlock) else { return 1 }
                guard (try? wait([own])) == nil, (try? asCompleted([own]).next()) == nil else { return 2 }
                return own.result().isError(.wouldDeadlock) ? 42 : 3
            }
            own.withLock { $0 = future }
            #expect(try future.get() == 42)
        }
    }

    @Test func `★ FU-044 of tasks that wait for each other in a circle, one gets an error`() throws {
        try repeatedly { round in
            // In one pool, and across several.
            let count = 3
            let pools = try (0..<(round % 2 == 0 ? 1 : count)).map { _ in try ThreadPoolExecutor(maxWorkers: count) }
            let barrier = try Barrier(parties: count)
            let futures = Monitor<[Future<Bool, any Error>]>([])
            for number in 0..<count {
                let future = try pools[number % pools.count].submit { () throws(any Error) in
                    try barrier.wait()
                    let all = futures.wait(until: { $0.count == count }, then: { $0 }) ?? []
                    switch all[(number + 1) % count].result() {
                    case .success: return false
                    case .failure(.wouldDeadlock): return true
                    case .failure(let error): throw error
                    }
                }
                futures.withLock { $0.append(future) }
            }
            let found = try futures.withLock { $0 }.map { try $0.get() }
            #expect(found.count { $0 } == 1)
            for pool in pools { try pool.shutdown() }
        }
    }

    @Test func `a wait with a limit does not begin what it could not leave`() throws {
        try withThreadPool(maxWorkers: 1) { pool in
            let outer = try pool.submit { () throws(any Error) in
                let inner = try pool.submit { 1 }
                let problem = inner.result(timeout: .milliseconds(10))
                return problem.isError(.timedOut) && inner.state == .pending
            }
            #expect(try outer.get())
        }
    }

    @Test func `a chain that is too deep for the stack ends in an error`() throws {
        @Sendable func descend(_ depth: Int, _ pool: ThreadPoolExecutor) throws -> Int {
            let next = try pool.submit { () throws(any Error) in try descend(depth + 1, pool) }
            do { return try next.get() } catch .wouldDeadlock {
                next.cancel()
                return depth
            }
        }
        try withThreadPool(maxWorkers: 1) { pool in
            let depth = try pool.submit { () throws(any Error) in try descend(0, pool) }.get()
            #expect(depth >= 100)
        }
    }

    @Test func `an item that was helped with is not done twice`() throws {
        try repeatedly { _ in
            let count = Counter()
            try withThreadPool(maxWorkers: 3) { pool in
                let outer = try (0..<20).map { _ in
                    try pool.submit { () throws(any Error) in
                        let inner = try (0..<5).map { _ in try pool.submit { count.add() } }
                        for future in inner { _ = try future.get() }
                    }
                }
                try outer.forEach { try $0.get() }
            }
            #expect(count.value == 100)
        }
    }
}
