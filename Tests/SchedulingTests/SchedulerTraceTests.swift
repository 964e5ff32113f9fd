import Foundation
import Scheduling
import Testing

/// What CPython's `sched.scheduler` did, recorded by a program on a simulated clock: one life a line.
private struct Trace: Decodable {
    /// A name and its arguments, or an entry of a log.
    struct Item: Decodable, Equatable, CustomStringConvertible {
        enum Part: Equatable {
            case word(String)
            case number(Int64)
            case numbers([Int64])
            case flag(Bool)
            case nothing
        }

        var parts: [Part]

        init(_ parts: Part...) { self.parts = parts }

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            parts = []
            while !container.isAtEnd {
                if try container.decodeNil() {
                    parts.append(.nothing)
                } else if let flag = try? container.decode(Bool.self) {
                    parts.append(.flag(flag))
                } else if let number = try? container.decode(Int64.self) {
                    parts.append(.number(number))
                } else if let word = try? container.decode(String.self) {
                    parts.append(.word(word))
                } else {
                    parts.append(.numbers(try container.decode([Int64].self)))
                }
            }
        }

        var name: String {
            if case .word(let name)? = parts.first { name } else { "" }
        }

        func number(_ place: Int) -> Int64 {
            if case .number(let number) = parts[place] { number } else { 0 }
        }

        var description: String { "\(parts)" }
    }

    var start: Int64
    var overshoot: Int64
    var ops: [Item]
    var on: [String: [Item]]
    var log: [Item]
}

/// Lives through a trace with a `Scheduler`, and keeps the same log.
private final class Replay {
    private struct Raised: Error {}

    private let trace: Trace
    private var now: Int64
    private var events: [Int64: ScheduledEvent] = [:]
    private var numbers: [ScheduledEvent: Int64] = [:]
    private(set) var log: [Trace.Item] = []

    private lazy var scheduler = Scheduler(
        time: InjectedTime(
            now: { [unowned self] in Instant(nanoseconds: now) },
            delay: { [unowned self] delay in
                let nanoseconds = delay.saturatingNanoseconds
                log.append(.init(.word("delay"), .number(nanoseconds)))
                if nanoseconds > 0 { now += nanoseconds + trace.overshoot }
            }))

    init(_ trace: Trace) {
        self.trace = trace
        now = trace.start
    }

    func live() {
        for operation in trace.ops { apply(operation) }
        run(blocking: true)
        logQueue()
    }

    private func apply(_ operation: Trace.Item) {
        switch operation.name {
        case "enter", "enterabs": enter(operation)
        case "cancel": cancel(operation.number(1))
        case "advance": now += operation.number(1)
        case "queue": logQueue()
        case "empty": log.append(.init(.word("empty"), .flag(scheduler.isEmpty)))
        case "run": run(blocking: operation.parts[1] == .flag(true))
        default: Issue.record("unknown operation \(operation)")
        }
    }

    private func enter(_ operation: Trace.Item) {
        let number = operation.number(1)
        let priority = Int16(operation.number(3))
        let action: () throws -> Void = { [unowned self] in try fire(number) }
        let event =
            operation.name == "enter"
            ? scheduler.enter(after: .nanoseconds(operation.number(2)), priority: priority, action)
            : scheduler.enterAbs(at: Instant(nanoseconds: operation.number(2)), priority: priority, action)
        events[number] = event
        numbers[event] = number
    }

    private func cancel(_ number: Int64) {
        let result = events[number].map { scheduler.cancel($0) ? "ok" : "ValueError" } ?? "unknown"
        log.append(.init(.word("cancel"), .number(number), .word(result)))
    }

    private func fire(_ number: Int64) throws {
        log.append(.init(.word("fire"), .number(number), .number(now)))
        for operation in trace.on["\(number)"] ?? [] {
            if operation.name == "raise" { throw Raised() }
            apply(operation)
        }
    }

    private func run(blocking: Bool) {
        do {
            let remaining = try scheduler.run(blocking: blocking)
            log.append(.init(.word("run"), remaining.map { .number($0.saturatingNanoseconds) } ?? .nothing))
        } catch {
            // The log says how many events wait on.
            log.append(.init(.word("raised"), .number(Int64(scheduler.queue.count))))
        }
    }

    private func logQueue() {
        log.append(.init(.word("queue"), .numbers(scheduler.queue.map { numbers[$0] ?? -1 })))
    }
}

@Suite(.timeLimit(.minutes(10))) struct SchedulerTraceTests {
    @Test func `a scheduler does what CPython's did, entry for entry`() throws {
        let file = try #require(
            Bundle.module.url(forResource: "sched-traces", withExtension: "jsonl", subdirectory: "Traces"))
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 300)
        for (number, line) in lines.enumerated() {
            let trace = try JSONDecoder().decode(Trace.self, from: Data(line.utf8))
            let replay = Replay(trace)
            replay.live()
            guard replay.log != trace.log else { continue }
            let place = zip(replay.log, trace.log).prefix { $0 == $1 }.count
            Issue.record(
                """
                trace \(number + 1), entry \(place): \(replay.log.dropFirst(place).first?.description ?? "nothing"), \
                but CPython: \(trace.log.dropFirst(place).first?.description ?? "nothing")
                """)
        }
    }
}
