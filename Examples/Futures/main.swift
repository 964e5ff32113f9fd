// What Futures offers, in a minute: a pool of threads, results in order and as they come, errors that stay with their
// task, cancelling, and promises.
//
//     swift run example-futures
import Futures
import Threading

struct Unreadable: Error {}

/// Stands for something slow: the number of primes below a limit.
@Sendable func primes(below limit: Int) -> Int {
    (2..<max(limit, 2)).count { number in !(2..<number).contains { number % $0 == 0 } }
}

// The pool ends with the scope, and everything that was submitted is done then.
try withThreadPool(maxWorkers: 3, name: "counter") { pool in
    // A future is a result that is not there yet; `get` waits for it.
    let count = try pool.submit { primes(below: 2000) }
    let name = try pool.submit { Thread.current.name }
    print("\(try count.get()) primes, and \(try name.get().prefix(8)) counted them")

    // Results in the order of the inputs. With a buffer the inputs are read as results are, so they need no end.
    let squares = try pool.map(0..., bufferSize: 8) { $0 * $0 }
    var first: [Int] = []
    while first.count < 5, let square = try squares.next() { first.append(square) }
    print("squares: \(first)")

    // An error belongs to its own input, and the type says which errors there are.
    let readings = try pool.map([3, -1, 5], chunkSize: 2) { (number: Int) throws(Unreadable) in
        if number < 0 { throw Unreadable() }
        return number
    }
    print("readable: \(readings.results.compactMap { try? $0.get() })")

    // Futures as they get done, each with what it stands for.
    let futures = try [3000, 20, 800].map { limit in try pool.submit { (limit, primes(below: limit)) } }
    let completions = asCompleted(futures, timeout: .seconds(60))
    var total = 0
    while let future = try completions.next() { total += try future.get().1 }
    print("primes in all: \(total)")
}

// What nobody has begun can be cancelled, and whoever waits is told at once.
let pool = try ThreadPoolExecutor(maxWorkers: 1)
let gate = Event()
let busy = try pool.submit { gate.wait() }
let queued = try pool.submit { 1 }
print("cancelled: \(queued.cancel()), while the worker is busy: \(!busy.isDone)")
do { _ = try queued.get() } catch { print(error) }
do { _ = try busy.get(timeout: .milliseconds(20)) } catch { print(error) }
gate.set()

// A task may wait for another one of its own pool, even if that has one worker only: it does the work itself.
let nested = try pool.submit { () throws(any Error) in try pool.submit { 6 * 7 }.get() }
print("nested: \(try nested.get())")
try pool.shutdown()

// A promise is the other end of a future. It is answered once, or dropped: then the future is broken.
func keepPromises() throws {
    let promise = Promise<String, Never>()
    promise.future.onCompletion { future in print("the callback got: \(try future.get())") }
    promise.fulfill("an answer")
    let forgotten = Promise<String, Never>().future
    do { _ = try forgotten.get() } catch { print(error) }
}
try keepPromises()
