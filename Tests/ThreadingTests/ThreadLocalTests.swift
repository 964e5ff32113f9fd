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

    @Test func `the values of a variable that is gone are let go, each by its own thread`() throws {
        final class Witness: Sendable {
            let gone: Log<Bool>
            let maker = Thread.current.id
            init(_ gone: Log<Bool>) { self.gone = gone }
            deinit { gone.add(Thread.current.id == maker) }
        }
        let gone = Log<Bool>()
        let other = ThreadLocal { 0 }
        let go = Event()
        let ready = Counter()
        let crew: Crew<Void>
        do {
            let local = Monitor<ThreadLocal<Witness>?>(ThreadLocal { Witness(gone) })
            crew = try Crew(4) { number in
                _ = local.withLock { $0?.value }
                ready.add()
                go.wait()
                // Half of them find out while they run, half when they end.
                if number % 2 == 0 { other.value += 1 }
            }
            try eventually("all have one") { ready.value == 4 }
            local.withLock { $0 = nil }
        }
        #expect(gone.entries.isEmpty)
        go.set()
        try crew.join()
        #expect(gone.entries == [true, true, true, true])
    }

    @Test func `the deinit of a value may look at the variable`() throws {
        final class Curious: Sendable {
            let look: @Sendable () -> Void
            init(_ look: @escaping @Sendable () -> Void) { self.look = look }
            deinit { look() }
        }
        let seen = Counter()
        let local = Monitor<ThreadLocal<Curious?>?>(nil)
        local.withLock { $0 = ThreadLocal { nil } }
        let variable = try #require(local.withLock { $0 })
        variable.value = Curious { if variable.value == nil { seen.add() } }
        variable.value = nil
        #expect(seen.value == 1)
    }

    @Test func `making a value may use the variable itself, and then that value stays`() {
        final class Holder: @unchecked Sendable { var local: ThreadLocal<Int>? }
        let holder = Holder()
        let calls = Counter()
        let local = ThreadLocal {
            let call = calls.add()
            if call == 1 { holder.local?.value = 7 }
            return call
        }
        holder.local = local
        #expect(local.value == 7)
        holder.local = nil
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
