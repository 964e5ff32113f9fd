import Futures
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct FutureTests {
    @Test func `FU-026 only what nobody has begun can be cancelled, and cancelling again changes nothing`() {
        let states = States()
        #expect(states.all.map { $0.cancel() } == [true, false, true, false, false])
        #expect(states.all.map(\.state) == [.cancelled, .running, .cancelled, .finished, .finished])
    }

    @Test func `FU-027 every state says what it is`() {
        let states = States()
        #expect(states.all.map(\.state) == [.pending, .running, .cancelled, .finished, .finished])
        #expect(states.all.map(\.isDone) == [false, false, true, true, true])
        #expect(states.all.map(\.isRunning) == [false, true, false, false, false])
        #expect(states.all.map(\.isCancelled) == [false, false, true, false, false])
    }

    @Test func `FU-028 a look without waiting times out, or tells what there is`() throws {
        let states = States()
        #expect(
            states.all.map(\.problem) == ["timed out", "timed out", "cancelled", "failed", "none"])
        #expect(try states.fulfilled.get(timeout: .zero) == 42)
        #expect(throws: FutureError<Mishap>.failed(.spilled)) { try states.failed.get(timeout: .seconds(-1)) }
        #expect(throws: FutureError<Mishap>.cancelled) { try states.cancelled.get() }
    }

    @Test func `a wait with a limit ends when it is over, and not before`() {
        let states = States()
        let time = elapsed { #expect(states.pending.result(timeout: .milliseconds(30)).isError(.timedOut)) }
        #expect(time >= .milliseconds(30))
    }

    @Test func `FU-029 whoever waits is told at once that the future was cancelled`() throws {
        try repeatedly { _ in
            let promise = Promise<Int, Mishap>()
            let future = promise.future
            let crew = try Crew(3) { _ in future.result(timeout: .seconds(60)).isError(.cancelled) }
            #expect(future.cancel())
            #expect(try crew.join() == [true, true, true])
            let answered = promise.fulfill(1)
            #expect(!answered)
        }
    }

    @Test func `FU-025 an error is thrown however empty it is`() {
        struct Nothing: Error, Collection, Hashable {
            var startIndex: Int { 0 }
            var endIndex: Int { 0 }
            func index(after index: Int) -> Int { index + 1 }
            subscript(_ index: Int) -> Int { index }
        }
        let future = Future<Int?, Nothing>.failed(Nothing())
        #expect(throws: FutureError<Nothing>.failed(Nothing())) { try future.get() }
    }

    @Test func `all who wait get the value`() throws {
        try repeatedly { _ in
            let promise = Promise<Int, Mishap>()
            let future = promise.future
            let crew = try Crew(3) { _ in try future.get() }
            promise.fulfill(7)
            #expect(try crew.join() == [7, 7, 7])
        }
    }

    @Test func `errors say what to do`() {
        let reasons: [FutureError<Mishap>] = [
            .failed(.spilled), .cancelled, .timedOut, .broken(.abandoned), .broken(.rejected(.full)), .wouldDeadlock,
        ]
        #expect(reasons.allSatisfy { $0.description.hasPrefix("cannot ") })
        #expect(reasons.map(\.failure) == [.spilled, nil, nil, nil, nil, nil])
    }
}

@Suite(.leavesNothing, .watchdog) struct PromiseTests {
    @Test func `a promise that is dropped breaks its future, begun or not`() {
        for hasBegun in [false, true] {
            var promise = Promise<Int, Mishap>()
            let future = promise.future
            if hasBegun { _ = promise.begin() }
            _ = consume promise
            #expect(future.result().isError(.broken(.abandoned)))
        }
    }

    @Test func `a promise that is dropped after its future was cancelled leaves it cancelled`() {
        let promise = Promise<Int, Mishap>()
        let future = promise.future
        future.cancel()
        _ = consume promise
        #expect(future.isCancelled)
    }

    @Test func `there is nothing to begin when the future was cancelled`() {
        var promise = Promise<Int, Mishap>()
        let cancelled = promise.future.cancel()
        let begun = promise.begin()
        let requested = promise.isCancellationRequested
        let answered = promise.fail(.burnt)
        #expect([cancelled, begun, requested, answered] == [true, false, true, false])
    }

    @Test func `an answer needs no beginning`() throws {
        let first = Promise<Int, Mishap>()
        let second = Promise<Void, Mishap>()
        let third = Promise<Int, Mishap>()
        let futures = (first.future, second.future, third.future)
        let answered = [first.complete(.success(1)), second.fulfill(), third.abandon(.worker(Mishap.burnt))]
        #expect(answered == [true, true, true])
        #expect(try futures.0.get() == 1)
        try futures.1.get()
        #expect(futures.2.problem == "broken")
    }

    @Test func `beginning twice is beginning once`() {
        var promise = Promise<Int, Mishap>()
        let begun = [promise.begin(), promise.begin()]
        let future = promise.future
        #expect(!future.cancel())
        #expect(!future.requestCancellation())
        let requested = promise.isCancellationRequested
        let answered = promise.fulfill(3)
        #expect(begun == [true, true] && requested && answered)
        #expect(future.isDone && !future.isCancelled)
    }

    @Test func `either the promise begins or the future is cancelled, never both`() throws {
        try repeatedly { _ in
            let promise = Promise<Int, Mishap>()
            let future = promise.future
            let box = Handover(promise)
            let crew = try Crew(2) { number in
                if number == 0 { return future.cancel() }
                guard var promise = box.take() else { return false }
                guard promise.begin() else { return false }
                return promise.fulfill(1)
            }
            let happened = try crew.join()
            #expect(happened[0] != happened[1])
            #expect(future.problem == (happened[0] ? "cancelled" : "none"))
        }
    }
}

/// Carries a promise into a closure that is called once.
final class Handover: Sendable {
    private let place: Monitor<Promise<Int, Mishap>?>

    init(_ promise: consuming Promise<Int, Mishap>) { place = Monitor(promise) }

    /// The future of the promise that is still here.
    var future: IntFuture? { place.withLock { $0?.future } }

    func take() -> Promise<Int, Mishap>? { place.withLock { $0.take() } }
}
