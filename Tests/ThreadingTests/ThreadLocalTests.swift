import Glibc
import Linux
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct ThreadLocalTests {
    @Test func `TH-092 each thread has its own value, made once in that thread`() throws {
        let made = Counter()
        let local = ThreadLocal { made.add() }
        local.value = 100
        let seen = try Crew(4) { _ in
            local.withValue { $0 += 1000 }
            return local.value
        }.join()
        #expect(local.value == 100)
        #expect(made.value == 5)
        #expect(Set(seen) == [1002, 1003, 1004, 1005])
    }

    @Test func `a value is let go when its thread has ended`() throws {
        final class Witness: Sendable {
            let gone: Counter
            init(_ gone: Counter) { self.gone = gone }
            deinit { gone.add() }
        }
        let gone = Counter()
        let local = ThreadLocal { Witness(gone) }
        try Thread { _ = local.value }.join()
        #expect(gone.value == 1)
        // The same for threads that somebody else made.
        try KernelThread.start { _ = local.value }
        try eventually("the foreign thread's is gone, too") { gone.value == 2 }
    }

    @Test func `all values are let go when the variable is`() throws {
        final class Witness: Sendable {
            let gone: Counter
            init(_ gone: Counter) { self.gone = gone }
            deinit { gone.add() }
        }
        let gone = Counter()
        let leave = Event()
        let ready = Counter()
        let crew: Crew<Void>
        do {
            let local = Monitor<ThreadLocal<Witness>?>(ThreadLocal { Witness(gone) })
            crew = try Crew(3) { _ in
                _ = local.withLock { $0?.value }
                ready.add()
                leave.wait()
            }
            try eventually("all have one") { ready.value == 3 }
            #expect(gone.value == 0)
            local.withLock { $0 = nil }
        }
        #expect(gone.value == 3)
        leave.set()
        try crew.join()
    }

    @Test func `making a value may use another variable of its kind`() throws {
        let outer = ThreadLocal { [Int]() }
        let inner = ThreadLocal { outer.withValue { $0.append(1) } }
        _ = inner.value
        #expect(outer.value == [1])
    }

    @Test func `an error of the body leaves the value as it was made`() {
        let local = ThreadLocal { 0 }
        #expect(throws: Failure()) {
            try local.withValue { value in
                value = 3
                throw Failure()
            }
        }
        #expect(local.value == 3)
    }
}
