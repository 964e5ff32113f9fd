import Multiprocessing
import Queues
import Testing
import Threading
import ToolkitTesting

/// Queues, locks and the like of a server: calls that wait.
@Suite(.leavesNothing, .watchdog) struct WaitingTests {
    private func withServer(
        limits: ServerLimits = ServerLimits(), _ body: (Manager, Manager) throws -> Void
    ) throws {
        let server = try ObjectServer(limits: limits)
        defer { server.stop() }
        try body(try server.connect(), try server.connect())
    }

    @Test func `a queue hands items over, in order, and waits on both sides`() throws {
        try withServer { manager, _ in
            let queue = try manager.queue(of: Int.self, capacity: 2)
            #expect(throws: GetError.empty) { try queue.tryGet() }
            let lasted = try elapsed {
                try #require(throws: GetError.empty) { try queue.get(timeout: .milliseconds(20)) }
            }
            #expect(lasted >= .milliseconds(20))
            try queue.put(1)
            try queue.put(2)
            #expect(try queue.isFull)
            #expect(throws: PutError.full) { try queue.put(3, timeout: .milliseconds(5)) }
            let crew = try Crew(1) { _ in for number in 3..<100 { try queue.put(number) } }
            for number in 1..<100 { #expect(try queue.get() == number) }
            try crew.join()
            #expect(try queue.pendingCount == 99)
            for _ in 0..<99 { try queue.taskDone() }
            #expect(throws: TaskDoneError.calledTooOften) { try queue.taskDone() }
            #expect(try queue.join(timeout: .zero))
        }
    }

    @Test func `a shutdown of a queue ends all calls that wait, and returns what nobody got`() throws {
        try withServer { manager, _ in
            let queue = try manager.queue(of: Int.self, capacity: 1)
            let empty = try manager.queue(of: Int.self)
            try queue.put(1)
            let crew = try Crew(4) { number in
                do {
                    if number < 2 { try queue.put(2) } else { _ = try empty.get() }
                    return false
                } catch PutError.closed {
                    return true
                } catch GetError.closed {
                    return true
                }
            }
            #expect(try queue.shutdown(immediate: true) == [1])
            try empty.shutdown()
            #expect(try crew.join() == [true, true, true, true])
            #expect(throws: PutError.closed) { try queue.put(1) }
            #expect(try queue.isShutDown)
        }
    }

    @Test func `a lock belongs to one thread of one client`() throws {
        try withServer { manager, _ in
            let lock = try manager.lock()
            #expect(try lock.acquire() == .acquired)
            #expect(try lock.tryAcquire() == .timedOut)
            #expect(try lock.isMine)
            let crew = try Crew(1) { _ in
                #expect(throws: ObjectError.notOwner) { try lock.release() }
                return try lock.acquire(timeout: .milliseconds(5))
            }
            #expect(try crew.join() == [.timedOut])
            try lock.release()
            #expect(throws: ObjectError.notOwner) { try lock.release() }
            #expect(try lock.isLocked == false)
            let twice = try manager.recursiveLock()
            try twice.acquire()
            #expect(try twice.tryAcquire() == .acquired)
            try twice.release()
            #expect(try twice.isMine)
            try twice.release()
            #expect(try twice.isLocked == false)
        }
    }

    @Test func `★ threads that share a lock of a server never meet in it`() throws {
        try withServer { manager, _ in
            let lock = try manager.lock()
            try repeatedly { _ in
                let inside = Counter()
                let most = Counter()
                try Crew(4) { _ in
                    for _ in 0..<5 {
                        try lock.withLock {
                            most.raise(to: inside.add())
                            inside.add(-1)
                        }
                    }
                }.join()
                #expect(most.value == 1)
            }
        }
    }

    private func take(from box: RemoteList<Int>, _ condition: RemoteCondition) throws -> Int {
        try condition.lock.acquire()
        defer { try? condition.lock.release() }
        try condition.wait(until: { try box.count > 0 })
        return try box.popLast() ?? 0
    }

    private func put(_ number: Int, into box: RemoteList<Int>, _ condition: RemoteCondition) throws {
        try condition.withLock {
            try box.append(number)
            try condition.notify()
        }
    }

    @Test func `a condition wakes those that wait, and gives them the lock back`() throws {
        let server = try ObjectServer()
        defer { server.stop() }
        let manager = try server.connect()
        let condition = try manager.condition()
        let box = try manager.list(of: Int.self)
        #expect(throws: ObjectError.notOwner) { try condition.notify() }
        let crew = try Crew(3) { _ in try take(from: box, condition) }
        try eventually("all wait") { try condition.waiterCount == 3 }
        for number in 1...3 { try put(number, into: box, condition) }
        #expect(try crew.join().sorted() == [1, 2, 3])
    }

    @Test func `a wait at a condition that is too long ends with the lock held`() throws {
        let server = try ObjectServer()
        defer { server.stop() }
        let condition = try server.connect().condition()
        #expect(throws: ObjectError.notOwner) { try giveUp(condition, .zero) }
        try condition.lock.acquire()
        try condition.lock.acquire()
        #expect(try giveUp(condition, .milliseconds(5)) == false)
        #expect(try giveUp(condition, .zero) == false)
        try condition.lock.release()
        #expect(try condition.lock.isMine)
        try condition.lock.release()
        #expect(try condition.lock.isLocked == false)
    }

    private func giveUp(_ condition: RemoteCondition, _ timeout: Duration) throws -> Bool {
        try condition.wait(timeout: timeout)
    }

    @Test func `semaphores, events and barriers do what they do`() throws {
        try withServer { manager, _ in
            let permits = try manager.boundedSemaphore(2)
            #expect(try permits.acquire())
            #expect(try permits.acquire())
            #expect(try permits.acquire(timeout: .milliseconds(5)) == false)
            try permits.release(2)
            #expect(throws: ObjectError.overLimit(2)) { try permits.release() }
            let plain = try manager.semaphore(0)
            try plain.release(3)
            #expect(try plain.availablePermits == 3)
            #expect(throws: ObjectError.invalid) { try plain.release(0) }
            let event = try manager.event()
            #expect(try event.wait(timeout: .milliseconds(5)) == false)
            let waiting = try Crew(2) { _ in try event.wait() }
            try event.set()
            #expect(try waiting.join() == [true, true])
            try event.clear()
            #expect(try event.isSet == false)
            let barrier = try manager.barrier(parties: 3)
            #expect(try Crew(3) { _ in try barrier.wait() }.join().sorted() == [0, 1, 2])
            #expect(throws: ObjectError.timedOut) { try barrier.wait(timeout: .milliseconds(5)) }
            #expect(throws: ObjectError.broken) { try barrier.wait() }
            try barrier.reset()
            #expect(try barrier.isBroken == false)
            #expect(throws: ObjectError.invalid) { _ = try manager.barrier(parties: 0) }
        }
    }

    @Test func `★ no update of a dictionary gets lost, whatever others do`() throws {
        try withServer { manager, _ in
            try repeatedly { _ in
                let counts = try manager.dictionary(of: String.self, Int.self)
                try Crew(4) { _ in
                    for _ in 0..<5 {
                        try counts.update("a") { $0 = ($0 ?? 0) + 1 }
                        try counts.add(1, to: "b", initial: 0)
                        try counts.add(1, to: "a", initial: 0)
                    }
                }.join()
                #expect(try counts.snapshot() == ["a": 40, "b": 20])
            }
        }
    }

    @Test func `whoever asks for too much gets an error, and others notice nothing`() throws {
        var limits = ServerLimits()
        limits.objects = 3
        limits.waitingCalls = 2
        limits.requestBytes = 1 << 16
        limits.storedBytes = 1 << 15
        try withServer(limits: limits) { manager, other in
            let queue = try manager.queue(of: [UInt8].self)
            let more = [try manager.event(), try manager.event()]
            #expect(throws: ObjectError.tooMany("objects")) { _ = try manager.event() }
            #expect(throws: ObjectError.self) { try queue.put([UInt8](repeating: 0, count: 1 << 17)) }
            try queue.put([UInt8](repeating: 0, count: 20_000))
            #expect(throws: ObjectError.tooMany("bytes of values")) {
                try queue.put([UInt8](repeating: 0, count: 20_000))
            }
            let crew = try Crew(2) { number in
                while true {
                    // The look below may have taken its place for a moment.
                    do { return try more[number].wait() } catch ObjectError.tooMany {}
                }
            }
            try eventually("two calls wait") {
                do { return try more[0].wait(timeout: .milliseconds(1)) } catch ObjectError.tooMany { return true }
            }
            #expect(try other.census().objects == 3)
            try more[0].set()
            try more[1].set()
            try crew.join()
        }
    }
}
