// Programs that end in a way that a test cannot, or that need a process to themselves: `toolkit-endings NAME`.
//
// The tests run it and look at how it ended and what it said. (The test library can run a piece of a test in a
// process of its own, too; but it waits for any child of the whole test process, and stands still where another test
// keeps a zombie.)
import Glibc
import Subprocesses
import Threading

let scenarios: [String: () throws -> Void] = [
    "release-free-lock": { Lock().release() },
    "release-others-rlock": {
        let lock = RLock()
        lock.acquire()
        try Thread { lock.release() }.join()
    },
    "wait-on-strange-condition": {
        let stranger = Condition<Lock>()
        Condition<Lock>().withLock { _ = $0.wait(timeout: .zero, on: stranger) }
    },
    "semaphore-below-zero": { _ = Semaphore(-1) },
    "thread-exit": threadExit,
    "thread-error": threadError,
    "thread-error-handler": threadErrorHandler,
    "scope-error": scopeError,
    "thread-near-exit": threadNearExit,
    "detached-thread-at-exit": {
        _ = try Thread(options: ThreadOptions(atExit: .detach)) { Event().wait() }
        exit(3)
    },
    "thread-exits-program": {
        _ = try Thread { exit(4) }
        Event().wait()
    },
    "exit-handlers": exitHandlers,
    "exit-while-joined": exitWhileJoined,
    "forked-child": forkedChild,
    "smallest-stack": smallestStack,
    "timer-error": timerError,
    "timer-at-exit": {
        _ = try Timer(after: .seconds(3600)) {}
        exit(5)
    },
    "ignored-sigchld": ignoredChildSignal,
    "lowered-limit": loweredLimit,
    "pool-at-exit": poolAtExit,
    "idle-pool-at-exit": idlePoolAtExit,
    "submit-at-exit": submitAtExit,
    "exit-while-awaited": exitWhileAwaited,
    "worker-exits-program": workerExitsProgram,
]

guard CommandLine.arguments.count == 2, let scenario = scenarios[CommandLine.arguments[1]] else {
    print("usage: toolkit-endings \(scenarios.keys.sorted().joined(separator: "|"))")
    exit(64)
}
// A crash is expected of some: no core, please.
var none = rlimit(rlim_cur: 0, rlim_max: 0)
setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
try scenario()
