import Futures
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct WaitingTests {
    @Test func `FU-035 waiting for the first one leaves the others pending`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 2)
        let gate = Event()
        let blocked: IntFuture = try pool.submit { () throws(Mishap) in gate.wait() ? 1 : 0 }
        let fast: IntFuture = try pool.submit { () throws(Mishap) in 2 }
        let (done, pending) = try wait([blocked, fast], until: .first)
        #expect(done == [fast] && pending == [blocked])
        gate.set()
        try pool.shutdown()
    }

    @Test func `FU-036 waiting for a failure ends with it, and counts others that are done`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 3)
        let gate = Event()
        let success: IntFuture = try pool.submit { () throws(Mishap) in 1 }
        _ = try success.get()
        let failing: IntFuture = try pool.submit { () throws(Mishap) in throw .burnt }
        let blocked: IntFuture = try pool.submit { () throws(Mishap) in gate.wait() ? 1 : 0 }
        let (done, pending) = try wait([success, failing, blocked], until: .firstFailure)
        #expect(done == [success, failing] && pending == [blocked])
        gate.set()
        try pool.shutdown()
    }

    @Test func `FU-037 waiting for a failure ends at once if there is one`() throws {
        let states = States()
        let (done, pending) = try wait([states.pending, states.failed, states.cancelled], until: .firstFailure)
        #expect(done == [states.failed, states.cancelled] && pending == [states.pending])
    }

    @Test func `waiting for a failure waits for all if there is none, and to be cancelled is none`() throws {
        let states = States()
        #expect(try wait([states.fulfilled, states.cancelled], until: .firstFailure).pending.isEmpty)
        let some = [states.fulfilled, states.cancelled, states.running]
        #expect(try wait(some, until: .firstFailure, timeout: .milliseconds(10)).pending == [states.running])
    }

    @Test func `FU-038 a timeout is no error`() throws {
        let states = States()
        for condition in [WaitCondition.all, .firstFailure] {
            let time = try elapsed {
                let some = [states.cancelled, states.running, states.fulfilled]
                let (done, pending) = try wait(some, until: condition, timeout: .milliseconds(50))
                #expect(done == [states.cancelled, states.fulfilled] && pending == [states.running])
            }
            #expect(time >= .milliseconds(50))
        }
    }

    @Test func `★ FU-039 a future that was cancelled behind a busy worker is done at once`() throws {
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 1)
            let gate = Event()
            let busy = try pool.submit { gate.wait() }
            let queued = try pool.submit { true }
            let also = try pool.submit { true }
            #expect(queued.cancel() && also.cancel())
            #expect(try wait([queued, also]).done == [queued, also])
            let completions = asCompleted([queued, busy, also])
            #expect(try [completions.next(), completions.next()] == [queued, also])
            #expect(!busy.isDone)
            gate.set()
            #expect(try completions.next() === busy)
            try pool.shutdown()
        }
    }

    @Test func `nothing to wait for is done at once`() throws {
        let none: [IntFuture] = []
        for condition in [WaitCondition.all, .first, .firstFailure] {
            let (done, pending) = try wait(none, until: condition)
            #expect(done.isEmpty && pending.isEmpty)
        }
        #expect(try asCompleted(none).next() == nil)
    }

    @Test func `futures of several types can be waited for together`() throws {
        let number = IntFuture.fulfilled(1)
        let text = Future<String, Never>.fulfilled("a")
        let all: [AnyFuture] = [number, text]
        #expect(try wait(all).done == all)
    }

    @Test func `FU-040 a future that is given twice is returned once`() throws {
        let future = IntFuture.fulfilled(1)
        let completions = asCompleted([future, future])
        #expect(try completions.next() === future)
        #expect(try completions.next() == nil)
        #expect(try wait([future, future]).done.count == 1)
    }

    @Test func `FU-041 without time, those that are done come first and then an error with the count`() throws {
        let states = States()
        let completions = asCompleted(
            [states.pending, states.cancelled, states.failed, states.fulfilled], timeout: .zero)
        var got: [IntFuture] = []
        #expect(throws: WaitError.timedOut(unfinished: 1, of: 4)) {
            while let future = try completions.next() { got.append(future) }
        }
        #expect(Set(got) == [states.cancelled, states.failed, states.fulfilled])
        #expect(completions.remainingCount == 1)
    }

    @Test func `FU-042 a future that was returned is kept by nobody`() throws {
        weak var first: IntFuture?
        let last = IntFuture.fulfilled(2)
        let completions = asCompleted([IntFuture.fulfilled(1), last])
        do {
            first = try completions.next()
            #expect(first !== last)
        }
        #expect(first == nil)
        #expect(try completions.next() === last)
    }

    @Test func `futures come in the order in which they get done`() throws {
        var promises = (0..<4).map { _ in Handover(Promise()) }
        let futures = promises.compactMap(\.future)
        let completions = asCompleted(futures)
        for number in [2, 0, 3, 1] {
            promises[number].take()?.fulfill(number)
            #expect(try completions.next() === futures[number])
        }
        promises = []
    }

    @Test func `whoever stops waiting leaves nothing at the futures`() throws {
        let states = States()
        for _ in 0..<1000 {
            _ = try wait([states.pending, states.running], until: .first, timeout: .zero)
        }
        #expect(states.pending.observerCount == 0)
    }

    @Test func `☆ FU-043 no wake-up is lost among a hundred futures`() throws {
        try repeatedly { round in
            let pool = try ThreadPoolExecutor(maxWorkers: 8)
            let futures = try (0..<100).map { number in try pool.submit { number } }
            switch round % 3 {
            case 0:
                #expect(try wait(futures, timeout: .seconds(60)).pending.isEmpty)
            case 1:
                #expect(try wait(futures, until: .firstFailure, timeout: .seconds(60)).pending.isEmpty)
            case _:
                var sum = 0
                try asCompleted(futures, timeout: .seconds(60)).forEach { sum += try $0.get() }
                #expect(sum == 4950)
            }
            try pool.shutdown()
        }
    }
}
