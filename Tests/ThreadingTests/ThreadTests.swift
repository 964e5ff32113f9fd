import Glibc
import Linux
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct ThreadTests {
    @Test func `a thread's result comes back through join`() throws {
        let thread = try Thread(name: "sum") { (1...1000).reduce(0, +) }
        #expect(try thread.join() == 500_500)
        #expect(try thread.join() == 500_500)
        #expect(thread.isFinished)
        #expect(thread.info.name == "sum")
    }

    @Test func `TH-071 a thread that would wait for itself is told`() throws {
        let own = Monitor<Thread<Bool, Never>?>(nil)
        let thread = try Thread {
            let own = own.wait(until: { $0 != nil }, then: { $0 })
            do {
                _ = try own.flatMap { $0 }?.join(timeout: .zero)
                return false
            } catch {
                return "\(error)".contains("would wait for itself")
            }
        }
        own.withLock { $0 = thread }
        #expect(try thread.join())
        own.withLock { $0 = nil }
    }

    @Test func `TH-072 a join that gives up can be repeated`() throws {
        let go = Event()
        let thread = try Thread {
            go.wait()
            return 7
        }
        #expect(try thread.join(timeout: .milliseconds(10)) == nil)
        #expect(try thread.join(timeout: .zero) == nil)
        #expect(!thread.isFinished)
        go.set()
        #expect(try thread.join() == 7)
    }

    @Test func `TH-073 twenty threads may join the same one`() throws {
        let go = Event()
        let thread = try Thread {
            go.wait()
            return 3
        }
        let crew = try Crew(20) { _ in try thread.join() }
        go.set()
        #expect(try crew.join() == [Int](repeating: 3, count: 20))
    }

    @Test func `TH-074 a thread that was joined is never listed`() throws {
        for _ in 0..<100 {
            let thread = try Thread {}
            try thread.join()
            #expect(!Thread.all.contains(thread.info))
            #expect(!thread.info.isAlive)
        }
    }

    @Test func `TH-077 a thread that ends itself on purpose is reported to nobody else`() throws {
        let ending = try Ending(of: "thread-exit")
        #expect(ending.code == 0)
        #expect(ending.errors.isEmpty)
    }

    @Test func `TH-075 an error is reported once, the program goes on, and the joiner gets the error`() throws {
        let ending = try Ending(of: "thread-error")
        #expect(ending.code == 7)
        #expect(ending.errors == ["Error in baker: Mishap(reason: \"no flour\")"])
    }

    @Test func `TH-075 a handler of one's own gets the error and the thread, until it is taken back`() throws {
        let ending = try Ending(of: "thread-error-handler")
        #expect(ending.output == ["baker: Mishap(reason: \"no flour\")"])
        #expect(ending.errors == ["Error in miller: Mishap(reason: \"no corn\")"])
    }

    @Test(arguments: [
        ("a name of twenty-five by", "a name of twent"), ("döner-käse-über-alles", "döner-käse-ü"),
        ("fourteen bytes€", "fourteen bytes"), ("cut\0here", "cut"),
    ])
    func `TH-079 the kernel sees as much of a name as fits, and no half characters`(name: String, shown: String) throws
    {
        let thread = try Thread(name: name) { KernelThread.name }
        #expect(try thread.join() == shown)
        #expect(thread.info.name == name)
    }

    @Test func `a running thread can be given another name`() throws {
        let renamed = Event()
        let thread = try Thread(name: "before") {
            renamed.wait()
            return KernelThread.name
        }
        thread.info.name = "after"
        renamed.set()
        #expect(try thread.join() == "after")
        #expect(thread.info.name == "after")
        #expect(try Thread { Thread.current.name.hasPrefix("Thread-") }.join())
    }

    @Test func `TH-084 what a thread's body holds is let go when the thread has ended`() throws {
        final class Witness: Sendable {}
        weak var witness: Witness?
        let thread: Thread<Void, Never>
        do {
            let object = Witness()
            witness = object
            thread = try Thread { withExtendedLifetime(object) {} }
        }
        try thread.join()
        #expect(witness == nil)
    }

    @Test func `TH-085 a thread of another library can ask who it is, and is forgotten when it ends`() throws {
        let known = Monitor<ThreadInfo?>(nil)
        let leave = Event()
        try KernelThread.start {
            KernelThread.setName("stranger")
            let info = Thread.current
            known.withLock { $0 = info }
            leave.wait()
        }
        let info = try #require(known.wait(until: { $0 != nil }, then: { $0 }).flatMap { $0 })
        #expect(info.name == "stranger")
        #expect(Thread.all.contains(info))
        #expect(info.isAlive && info.isDetachedAtExit && !info.isMain)
        leave.set()
        try eventually("it is gone") { !Thread.all.contains(info) && !info.isAlive }
    }

    @Test func `TH-087 a stack that is too small is an error, and others are as asked for`() throws {
        for size in [1, -1] {
            #expect {
                try Thread(options: ThreadOptions(stackSize: size)) {}
            } throws: {
                "\($0)".contains("its stack needs")
            }
        }
        #expect(throws: ThreadError.self) { try Thread(options: ThreadOptions(stackSize: .max)) {} }
        for size in [0, KernelThread.minimumStackSize, 256 << 10, (256 << 10) + 1, 1 << 20] {
            #expect(try Thread(options: ThreadOptions(stackSize: size)) { 5 }.join() == 5)
        }
    }

    @Test func `threads have numbers of their own, and the main one is known`() throws {
        let crew = try Crew(5) { _ in (Thread.current.id, Thread.current.nativeID, Thread.current.isMain) }
        let seen = try crew.join()
        #expect(Set(seen.map { $0.0 }).count == 5)
        #expect(!seen.contains { $0.2 || $0.1 <= 0 })
        #expect(Thread.main.isMain && Thread.main.isAlive)
        #expect(Thread.main.nativeID == getpid())
        #expect(Thread.all.first == Thread.main)
        #expect(Thread.activeCount >= 1)
    }

    @Test func `a new thread is detached at exit if the one that makes it is, unless told otherwise`() throws {
        let thread = try Thread(options: ThreadOptions(atExit: .detach)) {
            let heir = try? Thread {}
            let other = try? Thread(options: ThreadOptions(atExit: .join)) {}
            _ = try? (heir?.join(), other?.join())
            return (heir?.info.isDetachedAtExit, other?.info.isDetachedAtExit)
        }
        #expect(try thread.join() == (true, false))
    }

    @Test func `a thread that the system refuses is an error, and nothing is left of it`() {
        #expect {
            // More than all addresses that a program has.
            try Thread(name: "giant", options: ThreadOptions(stackSize: 1 << 47)) {}
        } throws: {
            "\($0)".hasPrefix("cannot start a thread: ")
        }
        #expect(!Thread.all.contains { $0.name == "giant" })
    }

    @Test func `the smallest stack is enough for a body that fails`() throws {
        #expect(try Ending(of: "smallest-stack").errors == ["Error in dwarf: Mishap(reason: \"small\")"])
    }
}

@Suite(.leavesNothing, .watchdog) struct ThreadScopeTests {
    @Test func `a scope ends when all its threads have ended`() throws {
        let done = Counter()
        let result = try withThreads { scope in
            for _ in 0..<5 {
                try scope.start {
                    for _ in 0..<100 { sched_yield() }
                    done.add()
                }
            }
            return try scope.start { 3 }.join()
        }
        #expect(result == 3)
        #expect(done.value == 5)
    }

    @Test func `a scope that is left by an error waits, too`() {
        let done = Counter()
        #expect(throws: Failure()) {
            try withThreads { scope in
                try scope.start {
                    for _ in 0..<100 { sched_yield() }
                    done.add()
                }
                throw Failure()
            }
        }
        #expect(done.value == 1)
    }

    @Test func `an error of a thread comes out of the scope`() throws {
        #expect(try Ending(of: "scope-error").output == ["first"])
    }
}

@Suite(.leavesNothing, .watchdog) struct ThreadHookTests {
    @Test func `hooks run in each new thread, before and after its body, until they are removed`() throws {
        let log = Log<String>()
        let mine = "hooked"
        let first = ThreadHooks.onStart { if $0.name == mine { log.add("start 1") } }
        let second = ThreadHooks.onStart { if $0.name == mine { log.add("start 2") } }
        let third = ThreadHooks.onEnd { if $0.name == mine { log.add("end 1") } }
        let fourth = ThreadHooks.onEnd { if $0.name == mine, $0 == Thread.current { log.add("end 2") } }
        try Thread(name: mine) { log.add("body") }.join()
        #expect(log.entries == ["start 1", "start 2", "body", "end 2", "end 1"])
        for hook in [first, second, third, fourth] { hook.remove() }
        try Thread(name: mine) {}.join()
        #expect(log.entries.count == 5)
    }

    @Test func `a hook may hold what removes another hook when it goes`() throws {
        final class Chain: Sendable {
            let next: ThreadHooks.Registration
            init(_ next: ThreadHooks.Registration) { self.next = next }
            deinit { next.remove() }
        }
        let ran = Counter()
        let inner = ThreadHooks.onStart { if $0.name == "chained" { ran.add() } }
        let outer: ThreadHooks.Registration
        do {
            let chain = Chain(inner)
            outer = ThreadHooks.onStart { _ in withExtendedLifetime(chain) {} }
        }
        outer.remove()
        try Thread(name: "chained") {}.join()
        #expect(ran.value == 0)
    }
}

/// What happens at the end of a program, each time in a program of its own.
@Suite(.leavesNothing, .watchdog) struct ThreadAtExitTests {
    @Test func `TH-082 a thread that starts another one near the end is waited for, and so is the other one`() throws {
        let ending = try Ending(of: "thread-near-exit")
        #expect(ending.code == 0)
        #expect(ending.output == ["child", "grandchild"])
    }

    @Test func `the end of the program does not wait for a detached thread`() throws {
        #expect(try Ending(of: "detached-thread-at-exit").code == 3)
    }

    @Test func `a thread may end the program itself`() throws {
        #expect(try Ending(of: "thread-exits-program").code == 4)
    }

    @Test func `a thread that ends the program while others wait for it does end it`() throws {
        #expect(try Ending(of: "exit-while-joined").code == 6)
    }

    @Test func `a child that C code has forked ends without the threads that it does not have`() throws {
        #expect(try Ending(of: "forked-child").output == ["parent", "child 9"])
    }

    @Test func `TH-094 exit handlers run once, the last one first, and none can be added at the end`() throws {
        let refusal = "cannot add an exit handler: the program is ending; add it earlier"
        #expect(try Ending(of: "exit-handlers").output == ["last added", refusal, "first added"])
    }
}
