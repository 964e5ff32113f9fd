import Dispatch
import Foundation
import Synchronization
import Threading

// How long COUNT turns take with a primitive of Swift: `LockRate PRIMITIVE KIND THREADS COUNT`, as programs/locks.py.
// With `fairness` as PRIMITIVE, COUNT is milliseconds, and it prints what each of the threads got of a Roost lock.

let arguments = CommandLine.arguments
guard arguments.count == 5, let parties = Int(arguments[3]), let count = Int(arguments[4]) else {
    fatalError("usage: LockRate PRIMITIVE KIND THREADS COUNT")
}
let share = count / parties

/// Runs `body` in that many threads at once, and prints how long they took.
func measure(_ body: @escaping @Sendable (Int) -> Void) throws {
    let start = try Barrier(parties: parties + 1)
    let threads = try (0..<parties).map { own in
        try Threading.Thread {
            try start.wait()
            body(own)
        }
    }
    try start.wait()
    let clock = ContinuousClock()
    let began = clock.now
    for thread in threads { try thread.join() }
    let time = clock.now - began
    print(time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000)
}

/// What the threads of a measure share.
final class Shared: @unchecked Sendable {
    var number = 0
    let lock = Lock()
    let mutex = Mutex(0)
    let nsLock = NSLock()
    let condition = Condition<Lock>()
    let nsCondition = NSCondition()
    let semaphores = [Semaphore(1), Semaphore(0)]
    let dispatchSemaphores = [DispatchSemaphore(value: 1), DispatchSemaphore(value: 0)]
}

let shared = Shared()
let turns = share

switch (arguments[1], arguments[2]) {
case ("lock", "roost"):
    try measure { _ in for _ in 0..<turns { shared.lock.withLock { shared.number += 1 } } }
case ("lock", "mutex"):
    try measure { _ in for _ in 0..<turns { shared.mutex.withLock { $0 += 1 } } }
case ("lock", "nslock"):
    try measure { _ in for _ in 0..<turns { shared.nsLock.withLock { shared.number += 1 } } }
case ("condition", "roost"):
    try measure { own in
        for _ in 0..<turns {
            shared.condition.withLock { held in
                held.wait(until: { shared.number == own })
                shared.number = 1 - own
                held.notify()
            }
        }
    }
case ("condition", "nscondition"):
    try measure { own in
        for _ in 0..<turns {
            shared.nsCondition.lock()
            while shared.number != own { shared.nsCondition.wait() }
            shared.number = 1 - own
            shared.nsCondition.signal()
            shared.nsCondition.unlock()
        }
    }
case ("semaphore", "roost"):
    try measure { own in
        for _ in 0..<turns {
            shared.semaphores[own].acquire()
            shared.semaphores[1 - own].release()
        }
    }
case ("semaphore", "dispatch"):
    try measure { own in
        for _ in 0..<turns {
            shared.dispatchSemaphores[own].wait()
            shared.dispatchSemaphores[1 - own].signal()
        }
        // Dispatch wants a semaphore back as it was made.
        if own == 1 { shared.dispatchSemaphores[0].signal() }
    }
case ("fairness", _):
    let end = ContinuousClock.now + .milliseconds(count)
    let threads = try (0..<parties).map { _ in
        try Threading.Thread { () -> (turns: Int, longest: Duration) in
            var result = (turns: 0, longest: Duration.zero)
            var last = ContinuousClock.now
            while last < end {
                shared.lock.withLock { shared.number += 1 }
                let now = ContinuousClock.now
                result.turns += 1
                result.longest = max(result.longest, now - last)
                last = now
            }
            return result
        }
    }
    for thread in threads {
        let result = try thread.join()
        print("\(result.turns) turns, the longest took \(result.longest)")
    }
default: fatalError("no such primitive: \(arguments[1]) \(arguments[2])")
}
