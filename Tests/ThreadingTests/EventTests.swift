import Glibc
import Testing
import Threading
import ToolkitTesting

/// What the signal handler sets. A handler can only reach what is global.
private let signalled = Event()

@Suite(.leavesNothing, .watchdog) struct EventTests {
    @Test func `TH-051 it is set until it is cleared, however often either is said`() {
        let event = Event()
        var seen = [event.isSet]
        event.set()
        seen.append(event.isSet)
        event.set()
        seen.append(event.isSet)
        event.clear()
        seen.append(event.isSet)
        event.clear()
        seen.append(event.isSet)
        #expect(seen == [false, true, true, false, false])
    }

    @Test func `TH-052 all who wait are released, and wait no more while it is set`() throws {
        let event = Event()
        let crew = try Crew(5) { _ in [event.wait(), event.wait()] }
        event.set()
        #expect(try crew.join().allSatisfy { $0 == [true, true] })
    }

    @Test func `TH-053 a wait in vain ends after its timeout`() {
        let event = Event()
        #expect(!event.wait(timeout: .zero))
        #expect(!event.wait(timeout: .seconds(-1)))
        expectNothing(after: .milliseconds(500)) { event.wait(timeout: .milliseconds(500)) }
        event.set()
        #expect(event.wait(timeout: .zero))
    }

    @Test func `★ TH-054 a pulse releases all who wait, though the flag is down when they look`() throws {
        try repeatedly { _ in
            let event = Event()
            let about = Counter()
            let crew = try Crew(5) { _ in
                about.add()
                return event.wait(timeout: .seconds(60))
            }
            try eventually("all are about to wait") { about.value == 5 }
            // Whoever had not begun to wait at the first pulse gets another one.
            while crew.finishedCount < 5 {
                event.set()
                event.clear()
                sched_yield()
            }
            #expect(try crew.join() == [true, true, true, true, true])
            #expect(!event.isSet)
        }
    }

    @Test func `★ TH-054 one pulse is enough for threads that wait already`() throws {
        try repeatedly { _ in
            let event = Event()
            let natives = Log<Int32>()
            let crew = try Crew(5) { _ in
                natives.add(Thread.current.nativeID)
                return event.wait(timeout: .seconds(60))
            }
            // The kernel says of a thread that it sleeps; there is nothing else here that it could sleep in.
            try eventually("all sleep") { natives.entries.count == 5 && natives.entries.allSatisfy(isInKernelWait) }
            event.set()
            event.clear()
            #expect(try crew.join() == [true, true, true, true, true])
        }
    }

    @Test func `TH-055 a signal handler may set it while its own thread waits`() throws {
        try repeatedly { _ in
            signalled.clear()
            let handler: @convention(c) (Int32) -> Void = { _ in signalled.set() }
            let before = signal(SIGUSR2, handler)
            defer { signal(SIGUSR2, before) }
            let handle = Monitor<pthread_t?>(nil)
            let native = Log<Int32>()
            let thread = try Thread {
                // A thread has the signal mask of the one that made it, and those that run tests block most signals.
                var unblocked = sigset_t()
                sigemptyset(&unblocked)
                sigaddset(&unblocked, SIGUSR2)
                pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
                native.add(Thread.current.nativeID)
                handle.withLock { $0 = pthread_self() }
                return signalled.wait(timeout: .seconds(60))
            }
            let target = handle.wait(until: { $0 != nil }, then: { $0 })
            try eventually("it sleeps") { native.entries.allSatisfy(isInKernelWait) }
            pthread_kill(try #require(target.flatMap { $0 }), SIGUSR2)
            #expect(try thread.join())
        }
    }
}
