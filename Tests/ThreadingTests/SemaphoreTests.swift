import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct SemaphoreTests {
    @Test func `TH-038 it has one permit unless told otherwise`() {
        #expect(Semaphore().availablePermits == 1)
        #expect(BoundedSemaphore().limit == 1)
    }

    @Test func `TH-039 a third permit of two is refused until one is given back`() {
        let semaphore = Semaphore(2)
        #expect([semaphore.tryAcquire(), semaphore.tryAcquire(), semaphore.tryAcquire()] == [true, true, false])
        semaphore.release()
        #expect(semaphore.tryAcquire())
    }

    @Test func `TH-040 five threads that try twice get the three permits that are left`() throws {
        let semaphore = Semaphore(4)
        semaphore.acquire()
        let results = try Crew(5) { _ in [semaphore.tryAcquire(), semaphore.tryAcquire()] }.join().flatMap { $0 }
        #expect(results.count { $0 } == 3)
        #expect(results.count { !$0 } == 7)
    }

    @Test(arguments: [[6, 7, 6, 1], [6, 7, 7]])
    func `TH-041 TH-042 each wave wakes as many threads as permits were released`(waves: [Int]) throws {
        let semaphore = Semaphore(7)
        semaphore.acquire()
        let passed = Counter()
        let crew = try Crew(10) { _ in
            for _ in 0..<2 {
                semaphore.acquire()
                passed.add()
            }
        }
        var expected = 0
        for (number, wave) in waves.enumerated() {
            if number > 0 { try semaphore.release(wave) }
            expected += wave
            try eventually("a wave has passed") { passed.value == expected }
            #expect(!semaphore.tryAcquire())
        }
        try crew.join()
    }

    @Test func `TH-043 a wait in vain ends after its timeout`() {
        let semaphore = Semaphore(0)
        expectNothing(after: .milliseconds(5)) { semaphore.acquire(timeout: .milliseconds(5)) }
        expectNothing(after: .milliseconds(500)) { semaphore.acquire(timeout: .milliseconds(500)) }
        semaphore.release()
        #expect(semaphore.acquire(timeout: .milliseconds(5)))
    }

    @Test func `TH-044 a timeout of zero or less tries once`() {
        let semaphore = Semaphore(1)
        #expect(semaphore.acquire(timeout: .zero))
        #expect(!semaphore.acquire(timeout: .zero))
        #expect(!semaphore.acquire(timeout: .seconds(-5)))
    }

    @Test func `TH-045 a release without an acquire adds a permit`() {
        let semaphore = Semaphore(1)
        semaphore.release()
        #expect(semaphore.availablePermits == 2)
        semaphore.acquire()
        semaphore.acquire()
        #expect(!semaphore.tryAcquire())
    }

    @Test func `TH-046 a release of no permit or fewer is an error and changes nothing`() {
        let semaphore = Semaphore(1)
        #expect(throws: SemaphoreError.notPositive(0)) { try semaphore.release(0) }
        #expect(throws: SemaphoreError.notPositive(-1)) { try semaphore.release(-1) }
        #expect(semaphore.availablePermits == 1)
        #expect(throws: SemaphoreError.overLimit(Int(Int32.max))) { try semaphore.release(.max) }
        #expect(semaphore.availablePermits == 1)
    }

    @Test func `☆ TH-048 a bounded semaphore takes all of a release or nothing of it, and wakes nobody`() throws {
        try repeatedly { _ in
            let semaphore = BoundedSemaphore(3)
            semaphore.acquire()
            #expect(throws: SemaphoreError.overLimit(3)) { try semaphore.release(2) }
            #expect(semaphore.availablePermits == 2)
            try semaphore.release()
            #expect(throws: SemaphoreError.overLimit(3)) { try semaphore.release() }
            #expect(semaphore.availablePermits == 3)
        }
    }

    @Test func `TH-049 a body that throws gives its permit back`() {
        let semaphore = Semaphore(1)
        let bounded = BoundedSemaphore(1)
        #expect(throws: Failure()) { try semaphore.withPermit { throw Failure() } }
        #expect(throws: Failure()) { try bounded.withPermit { throw Failure() } }
        #expect(semaphore.availablePermits == 1)
        #expect(bounded.availablePermits == 1)
    }

    @Test func `☆ TH-050 never more threads are inside than there are permits`() throws {
        try repeatedly { _ in
            let semaphore = BoundedSemaphore(3)
            let inside = Counter()
            let most = Counter()
            try Crew(8) { _ in
                for _ in 0..<(100_000 / 8 / 10) {
                    semaphore.withPermit {
                        most.raise(to: inside.add())
                        // A second permit on top of the first, where that cannot make all wait for each other.
                        if semaphore.tryAcquire() {
                            most.raise(to: inside.add())
                            inside.add(-1)
                            #expect(throws: Never.self) { try semaphore.release() }
                        }
                        inside.add(-1)
                    }
                }
            }.join()
            #expect(most.value <= 3)
            #expect(semaphore.availablePermits == 3)
        }
    }

    @Test func `permits handed from thread to thread are neither lost nor made`() throws {
        let there = Semaphore(0)
        let back = Semaphore(0)
        let echo = try Thread {
            for _ in 0..<2_000 {
                there.acquire()
                back.release()
            }
        }
        for _ in 0..<2_000 {
            there.release()
            back.acquire()
        }
        try echo.join()
        #expect(there.availablePermits + back.availablePermits == 0)
    }

    @Test func `waits that time out at the moment of a release lose no permit`() throws {
        let semaphore = Semaphore(0)
        let taken = Counter()
        let stop = Event()
        let crew = try Crew(2) { _ in
            while true {
                if semaphore.acquire(timeout: .microseconds(30)) { taken.add() } else if stop.isSet { return }
            }
        }
        for _ in 0..<5_000 { semaphore.release() }
        stop.set()
        try crew.join()
        #expect(taken.value + semaphore.availablePermits == 5_000)
    }

    @Test func `fewer than no permits end the program`() throws {
        #expect(try Ending(of: "semaphore-below-zero").isTrap)
    }
}
