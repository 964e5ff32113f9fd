import Glibc
import Linux
import Reactor
import Scheduling
import Testing

import class Foundation.Thread

/// Turns the loop until `condition` holds, and fails the test instead of hanging when it never does.
func turn(
    _ loop: EventLoop, within limit: Duration = .seconds(20), until condition: () -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    var expired = false
    let watchdog = loop.schedule(at: Instant(nanoseconds: MonotonicClock.now()) + limit) { expired = true }
    while !condition() && !expired { try loop.turn() }
    loop.cancel(watchdog)
    #expect(!expired, "the condition did not come true within \(limit)", sourceLocation: sourceLocation)
}

@Suite struct EventLoopTests {
    let loop: EventLoop

    init() throws { loop = try EventLoop() }

    @Test func `a readable pipe calls its handler`() throws {
        let pipe = try Pipe(nonblocking: .reader)
        var news: Readiness = []
        let source = try loop.add(pipe.reader.raw, .read, priority: .output) { news = $0 }
        _ = try pipe.writer.write([1])
        try turn(loop, until: { !news.isEmpty })
        #expect(news == .read)
        loop.remove(source)
    }

    @Test func `a handler is told of a hang-up that it did not ask for`() throws {
        let pipe = try Pipe(nonblocking: .reader)
        var news: Readiness = []
        var source: EventLoop.Source?
        try pipe.split { reader, writer in
            source = try loop.add(reader.raw, [], priority: .output) { news = $0 }
            close(writer.release())
            try turn(loop, until: { !news.isEmpty })
            if let source { loop.remove(source) }
        }
        #expect(news == .hangUp)
    }

    @Test func `a source removed in the same batch is not called`() throws {
        let pipes = [try SharedPipe(), try SharedPipe()]
        var sources: [EventLoop.Source] = []
        var calls = 0
        for pipe in pipes {
            let source = try loop.add(pipe.reader, .read, priority: .output) { _ in
                calls += 1
                for source in sources { self.loop.remove(source) }
            }
            sources.append(source)
            pipe.write()
        }
        try loop.turn()
        try loop.turn(blocking: false)
        #expect(calls == 1)
    }

    @Test func `news of a removed source does not reach the one that took its place`() throws {
        let first = try SharedPipe()
        let second = try SharedPipe()
        let third = try SharedPipe()
        var source: EventLoop.Source?
        var wrongCalls = 0
        _ = try loop.add(first.reader, .read, .oneShot, priority: .exits) { _ in
            if let source { self.loop.remove(source) }
            source = try? self.loop.add(third.reader, .read, priority: .output) { _ in wrongCalls += 1 }
        }
        source = try loop.add(second.reader, .read, priority: .output) { _ in Issue.record("removed before") }
        first.write()
        second.write()
        try loop.turn()
        #expect(wrongCalls == 0)
        third.write()
        try loop.turn()
        #expect(wrongCalls == 1)
    }

    @Test func `exits come before signals, timers, control and output`() throws {
        var order: [String] = []
        let pipes = try (0..<4).map { _ in try SharedPipe() }
        let priorities: [EventLoop.Priority] = [.output, .control, .signals, .exits]
        for (pipe, priority) in zip(pipes, priorities) {
            _ = try loop.add(pipe.reader, .read, .oneShot, priority: priority) { _ in order.append("\(priority)") }
            pipe.write()
        }
        _ = loop.schedule(at: loop.now) { order.append("timer") }
        try loop.turn()
        #expect(order == ["exits", "signals", "timer", "control", "output"])
    }

    @Test func `a one-shot source is silent until it is armed again`() throws {
        let pipe = try SharedPipe()
        var calls = 0
        let source = try loop.add(pipe.reader, .read, .oneShot, priority: .output) { _ in calls += 1 }
        pipe.write()
        try loop.turn()
        try loop.turn(blocking: false)
        #expect(calls == 1)
        try loop.rearm(source, .read)
        try loop.turn()
        #expect(calls == 2)
    }

    @Test func `timers fire in order and not early`() throws {
        var fired: [Int] = []
        let start = loop.now
        for number in [3, 1, 2] {
            let deadline = start + .milliseconds(5 * number)
            _ = loop.schedule(at: deadline) {
                #expect(self.loop.now >= deadline)
                fired.append(number)
            }
        }
        try turn(loop, until: { fired.count == 3 })
        #expect(fired == [1, 2, 3])
    }

    @Test func `a timer set earlier than the armed one wakes the loop in time`() throws {
        var fired = false
        let far = loop.schedule(at: loop.now + .seconds(3600)) {}
        try loop.turn(blocking: false)
        _ = loop.schedule(at: loop.now + .milliseconds(2)) { fired = true }
        try turn(loop, until: { fired })
        loop.cancel(far)
    }

    @Test func `a cancelled timer does not fire, even from a timer of the same moment`() throws {
        var second: EventLoop.TimerHandle?
        var fired: [Int] = []
        let moment = loop.now + .milliseconds(1)
        _ = loop.schedule(at: moment) {
            fired.append(1)
            if let second { self.loop.cancel(second) }
        }
        second = loop.schedule(at: moment) { fired.append(2) }
        _ = loop.schedule(at: moment) { fired.append(3) }
        try turn(loop, until: { fired.contains(3) })
        #expect(fired == [1, 3])
    }

    @Test func `a timer that sets itself again for now does not starve descriptors`() throws {
        let pipe = try SharedPipe()
        var read = false
        _ = try loop.add(pipe.reader, .read, .oneShot, priority: .output) { _ in read = true }
        pipe.write()
        func again() { _ = loop.schedule(at: loop.now, again) }
        again()
        try loop.turn()
        #expect(read)
    }

    @Test func `messages of other threads arrive in order on the loop's thread`() throws {
        var received: [Int] = []
        let mailbox = try loop.makeMailbox(of: Int.self, capacity: 1000) { received.append($0) }
        Thread.detachNewThread { for number in 0..<1000 { _ = mailbox.post(number) } }
        try turn(loop, until: { received.count == 1000 })
        #expect(received == Array(0..<1000))
    }

    @Test func `a full mailbox refuses, and takes messages again after it was emptied`() throws {
        var received = 0
        let mailbox = try loop.makeMailbox(of: Int.self, capacity: 2) { received += $0 }
        #expect(mailbox.post(1))
        #expect(mailbox.post(1))
        #expect(!mailbox.post(1))
        try loop.turn()
        #expect(received == 2)
        #expect(mailbox.post(1))
        try loop.turn()
        #expect(received == 3)
    }

    @Test func `a signal becomes a call`() throws {
        var numbers: [Int32] = []
        try loop.watchSignals([SIGUSR1, SIGUSR2]) { numbers.append($0.number) }
        pthread_kill(pthread_self(), SIGUSR1)
        pthread_kill(pthread_self(), SIGUSR2)
        try turn(loop, until: { numbers.count == 2 })
        #expect(numbers.sorted() == [SIGUSR1, SIGUSR2])
    }

    @Test func `stop ends run`() throws {
        var turns = 0
        func next() {
            turns += 1
            if turns == 3 { loop.stop() } else { _ = loop.schedule(at: loop.now + .milliseconds(1), next) }
        }
        next()
        try loop.run()
        #expect(turns == 3)
    }

    @Test func `an idle loop is not woken`() throws {
        // A timer far away, a quiet pipe, a quiet mailbox: only the watchdog may end the wait.
        let pipe = try SharedPipe()
        _ = try loop.add(pipe.reader, .read, priority: .output) { _ in Issue.record("nobody wrote") }
        _ = try loop.makeMailbox(of: Int.self, capacity: 1) { _ in Issue.record("nobody posted") }
        _ = loop.schedule(at: loop.now + .seconds(3600)) {}
        var awake = false
        _ = loop.schedule(at: loop.now + .milliseconds(200)) { awake = true }
        var turns = 0
        while !awake {
            try loop.turn()
            turns += 1
        }
        #expect(turns == 1)
    }
}

/// A pipe whose ends closures may use.
final class SharedPipe {
    private let pipe: Pipe

    init() throws { pipe = try Pipe(nonblocking: [.reader, .writer]) }

    var reader: Int32 { pipe.reader.raw }

    func write() {
        #expect(throws: Never.self) { _ = try pipe.writer.write([1]) }
    }
}
