// What Queues offers, in a minute: a pipeline with a limit, tasks that are accounted for, priorities, and an orderly
// end.
//
//     swift run example-queues
import Queues
import Threading

// Two workers square what they get. The queue holds four at most: whoever produces faster has to wait.
let jobs = Queue<Int>(capacity: 4)
let results = PriorityQueue<String, Int>()
let workers = try (1...2).map { number in
    try Thread(name: "worker \(number)") {
        var done = 0
        // Ends when the queue has been shut down and is empty. `withItem` cannot forget to say that a task is done.
        while true {
            do {
                try jobs.withItem { try results.put("\($0)² = \($0 * $0)", priority: $0) }
            } catch { return done }
            done += 1
        }
    }
}
for number in 1...10 { try jobs.put(number) }
jobs.join()
print("all \(results.count) jobs are done, \(jobs.pendingCount) are pending")

// The lowest priority comes first, whichever worker was quicker.
print("first: \(try results.get()), then: \(try results.get())")
jobs.shutdown()
let done = try workers.map { try $0.join() }.reduce(0, +)
print("the workers went home after \(done) jobs")

// Errors say which of the two it is: nothing now, or nothing any more.
do { _ = try jobs.get() } catch { print(error) }
let narrow = Queue<String>(capacity: 1)
try narrow.put("first")
do { try narrow.put("second", timeout: .milliseconds(20)) } catch { print(error) }

// What nobody has got is not lost when there is no time left.
let stack = LifoQueue<Int>()
for number in 1...3 { try stack.put(number) }
print("undelivered: \(stack.shutdown(immediate: true))")

// A ticket exists once: elements need not be copyable, and whoever gets one owns it.
struct Ticket: ~Copyable { let seat: Int }
let tickets = SimpleQueue<Ticket>()
try tickets.put(Ticket(seat: 12))
let mine = try tickets.get()
print("seat \(mine.seat) is mine")
