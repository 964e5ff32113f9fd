import Glibc
import Synchronization
import Threading

struct Mishap: Error {
    let reason: String
}

func say(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { _ = write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}

/// A thread that ends itself on purpose.
func threadExit() throws {
    let thread = try Thread { () throws(any Error) in throw ThreadExit() }
    do {
        try thread.join()
        exit(1)
    } catch JoinError<any Error>.failed(let error) {
        exit(error is ThreadExit ? 0 : 2)
    }
}

func threadError() throws {
    let thread = try Thread(name: "baker") { () throws(Mishap) in throw Mishap(reason: "no flour") }
    do {
        try thread.join()
        exit(1)
    } catch JoinError<Mishap>.failed(let mishap) {
        exit(mishap.reason == "no flour" ? 7 : 2)
    }
}

func threadErrorHandler() throws {
    let seen = Monitor<[String]>([])
    Thread.uncaughtErrorHandler = { uncaught in
        seen.withLock { $0.append("\(uncaught.thread.name): \(uncaught.error)") }
    }
    let thread = try Thread(name: "baker") { () throws(Mishap) in throw Mishap(reason: "no flour") }
    _ = try? thread.join()
    seen.withLock { $0.forEach(say) }
    Thread.uncaughtErrorHandler = Thread.defaultUncaughtErrorHandler
    let other = try Thread(name: "miller") { () throws(Mishap) in throw Mishap(reason: "no corn") }
    _ = try? other.join()
}

func scopeError() throws {
    Thread.uncaughtErrorHandler = { _ in }
    do {
        try withThreads { scope in
            _ = try scope.start {}
            _ = try scope.start { () throws(Mishap) in throw Mishap(reason: "first") }
            _ = try scope.start { () throws(Mishap) in throw Mishap(reason: "second") }
        }
    } catch JoinError<any Error>.failed(let error) {
        say((error as? Mishap)?.reason ?? "another error")
    }
}

/// A thread that starts another one when the program is already ending.
func threadNearExit() throws {
    let ending = Event()
    try Thread.atExit { ending.set() }
    _ = try Thread {
        ending.wait()
        say("child")
        _ = try? Thread {
            for _ in 0..<1000 { sched_yield() }
            say("grandchild")
        }
    }
}

func exitHandlers() throws {
    try Thread.atExit { say("first added") }
    try Thread.atExit {
        do { try Thread.atExit {} } catch { say("\(error)") }
    }
    try Thread.atExit { say("last added") }
}

func timerError() throws {
    Thread.uncaughtErrorHandler = { say("\($0.thread.name): \($0.error)") }
    let fired = Event()
    _ = try Timer(after: .zero) { throw Mishap(reason: "late") }
    _ = try Timer(after: .milliseconds(1)) { fired.set() }
    fired.wait()
}

/// A worker gives up while its coordinator, which the end of the program waits for, joins it.
func exitWhileJoined() throws {
    let worker = Monitor<Thread<Void, Never>?>(nil)
    let joining = Event()
    let coordinator = try Thread {
        let target = worker.wait(until: { $0 != nil }, then: { $0 }).flatMap { $0 }
        joining.set()
        _ = try? target?.join()
    }
    let thread = try Thread {
        joining.wait()
        exit(6)
    }
    worker.withLock { $0 = thread }
    _ = try? coordinator.join()
}

/// As C code may do it; Swift does not let anybody call `fork` in passing.
func forkedChild() throws {
    let leave = Event()
    _ = try Thread { leave.wait() }
    guard let symbol = dlsym(nil, "fork") else { exit(1) }
    let fork = unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)
    let pid = fork()
    if pid == 0 { exit(9) }
    say("parent")
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    say("child \(status >> 8)")
    leave.set()
}

func smallestStack() throws {
    let options = ThreadOptions(stackSize: 64 << 10)
    let thread = try Thread(name: "dwarf", options: options) { () throws(Mishap) in throw Mishap(reason: "small") }
    _ = try? thread.join()
}
