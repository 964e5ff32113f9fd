import ControlProtocol
import Reactor
import SupervisorCore
import Testing

@testable import SupervisorRuntime

@Suite struct ControlEventsTests {
    private func announcement(_ kind: Announcement.Kind, _ worker: String) -> Announcement {
        Announcement(kind, instance: InstanceID(worker: worker, index: 0), message: "")
    }

    @Test func `a subscriber gets what happens from now on, in order`() throws {
        let harness = try ControlHarness()
        harness.server.announce(announcement(.running, "old"), at: Timestamp(nanoseconds: 0))
        let client = try harness.connect()
        try client.send(.subscribe(EventQuery()), id: 1)
        #expect(try client.next().answerID == .number(1))
        for kind in [Announcement.Kind.exited, .backoff] {
            harness.server.announce(announcement(kind, "web"), at: Timestamp(nanoseconds: 0))
        }
        #expect(try client.next().event?.seq == 2)
        #expect(try client.next().event?.kind == "instance.backoff")
    }

    @Test func `a subscriber resumes after the last event that it saw`() throws {
        let harness = try ControlHarness()
        for _ in 0..<5 { harness.server.announce(announcement(.running, "web"), at: Timestamp(nanoseconds: 0)) }
        let client = try harness.connect()
        try client.send(.subscribe(EventQuery(after: 3)), id: 1)
        guard case .answer(_, let answer) = try client.next() else {
            Issue.record("no answer")
            return
        }
        #expect(try answer.result(of: SubscribeResult.self) == SubscribeResult(missed: false, oldest: 1, latest: 5))
        #expect(try client.next().event?.seq == 4)
        #expect(try client.next().event?.seq == 5)
    }

    @Test func `a subscriber is told that it has missed some`() throws {
        let harness = try ControlHarness(journal: EventJournal(capacity: 2))
        for _ in 0..<5 { harness.server.announce(announcement(.running, "web"), at: Timestamp(nanoseconds: 0)) }
        let client = try harness.connect()
        try client.send(.subscribe(EventQuery(after: 1)), id: 1)
        guard case .answer(_, let answer) = try client.next() else {
            Issue.record("no answer")
            return
        }
        #expect(try answer.result(of: SubscribeResult.self) == SubscribeResult(missed: true, oldest: 4, latest: 5))
        #expect(try client.next().event?.seq == 4)
    }

    @Test func `a filter lets through what it names`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send(.subscribe(EventQuery(filter: EventFilter(kinds: ["instance.ex*"], names: ["web"]))), id: 1)
        #expect(try client.next().answerID == .number(1))
        for (kind, worker) in [(Announcement.Kind.running, "web"), (.exited, "db"), (.exited, "web")] {
            harness.server.announce(announcement(kind, worker), at: Timestamp(nanoseconds: 0))
        }
        #expect(try client.next().event?.seq == 3)
    }

    @Test func `nothing comes after unsubscribing`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send(.subscribe(EventQuery()), id: 1)
        try client.send(.unsubscribe, id: 2)
        #expect(try client.next().answerID == .number(1))
        #expect(try client.next().answerID == .number(2))
        harness.server.announce(announcement(.running, "web"), at: Timestamp(nanoseconds: 0))
        try client.send(.version, id: 3)
        #expect(try client.next().answerID == .number(3))
    }

    @Test func `output follows to who asked for it until it goes`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send(.logs(LogQuery(names: ["web"])), id: 1)
        try harness.wait { !harness.delegate.held.isEmpty }
        let token = harness.delegate.held[0].token
        harness.server.beginFollowing(token.connection)
        harness.server.answer(token, LogsResult(logs: []))
        #expect(try client.next().answerID == .number(1))
        let log = LogNotification(name: "web:0", stream: .output, text: "hello\n")
        #expect(harness.server.send(log, to: token.connection))
        guard case .log(log) = try client.next() else {
            Issue.record("no output")
            return
        }
        client.close()
        try harness.wait { harness.delegate.closed == 1 }
        #expect(!harness.server.send(log, to: token.connection))
    }

    @Test func `a journal without entries has the next one as its oldest`() {
        var journal = EventJournal(capacity: 3)
        #expect(journal.oldest == 1)
        for _ in 0..<5 { _ = journal.append(announcement(.running, "web"), at: Timestamp(nanoseconds: 0)) }
        #expect(journal.oldest == 3)
        #expect(journal.latest == 5)
        #expect(journal.entries(after: 2).missed == false)
        #expect(journal.entries(after: 1).missed)
        #expect(journal.entries(after: 5).entries.isEmpty)
    }

    @Test func `a number from an earlier roostd brings everything and says that some was missed`() {
        var journal = EventJournal(capacity: 3)
        _ = journal.append(announcement(.running, "web"), at: Timestamp(nanoseconds: 0))
        let (entries, missed) = journal.entries(after: .max)
        #expect(missed)
        #expect(entries.map(\.seq) == [1])
    }

    @Test func `the journal tells the last events of one instance, oldest first`() {
        var journal = EventJournal()
        for worker in ["web", "db", "web", "web"] {
            _ = journal.append(announcement(.running, worker), at: Timestamp(nanoseconds: 0))
        }
        #expect(journal.recent(InstanceID(worker: "web", index: 0), limit: 2).map(\.seq) == [3, 4])
    }
}
