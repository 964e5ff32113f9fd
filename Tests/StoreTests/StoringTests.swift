import Glibc
import Linux
import Scheduling
import SupervisorCore
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(10))) struct StoringTests {
    /// Everything a task can have, with what is awkward to keep.
    private var elaborate: TaskRecord {
        let command = TaskCommand(
            arguments: ["sh", "-c", "", "ünï\ncode", "a=b"], directory: "/tmp/my dir",
            environment: [
                EnvironmentVariable(name: "EMPTY", value: ""), EnvironmentVariable(name: "A", value: "b=c\nd"),
            ])
        var submission = TaskSubmission(
            work: .command(command), label: "the label", key: "key-1", priority: -7, timeout: .milliseconds(1500),
            attempts: 4, after: [TaskID(1), TaskID(99)], afterAny: true, submitter: Submitter(user: 4_000_000_000))
        submission.submitter.environment = []
        var record = TaskRecord(
            id: TaskID(100), queue: "mail", submission: submission, submittedAt: Instant(nanoseconds: 5_000_000_000))
        record.progress.state = .backoff
        record.progress.attempts = 3
        record.progress.failures = 2
        record.progress.retries = 4
        record.progress.interruptions = 1
        record.progress.run = RunID(instance: InstanceID(worker: "mail", index: 3), number: 17)
        record.progress.startedAt = Instant(nanoseconds: 6_000_000_000)
        record.progress.finishedAt = Instant(nanoseconds: 7_000_000_000)
        record.progress.status = .signaled(.kill, coreDumped: true)
        record.progress.reason = "killed, and why"
        return record
    }

    private func settled(_ record: TaskRecord) -> TaskRecord {
        // Both clocks are read again at each end, so moments move by as much as they differ.
        var settled = TaskRecord(
            id: record.id, queue: record.queue, submission: record.submission,
            submittedAt: rounded(record.submittedAt), progress: record.progress)
        settled.progress.startedAt = record.progress.startedAt.map(rounded)
        settled.progress.finishedAt = record.progress.finishedAt.map(rounded)
        return settled
    }

    private func rounded(_ moment: Instant) -> Instant {
        Instant(nanoseconds: (moment.nanoseconds + 500_000_000) / 1_000_000_000 * 1_000_000_000)
    }

    @Test func `what was stored is read back as it was`() {
        let directory = StoreDirectory()
        let fixture = StoreFixture(directory.path)
        #expect(fixture.store.read(at: "now").tasks == StoredTasks())
        #expect(fixture.store(1, [.add(elaborate), .add(task(101))]) == nil)
        var json = TaskRecord(
            id: TaskID(102), queue: "resize", submission: TaskSubmission(work: .json("{\"a\":\"\\u0000\"}")),
            submittedAt: Instant(nanoseconds: 1_000_000_000))
        json.progress.answer = "[1]"
        #expect(fixture.store(2, [.add(json), .pause(queue: "mail", true), .pause(queue: "web", false)]) == nil)
        #expect(fixture.close())

        let found = StoreFixture.contents(directory.path)
        #expect(found.error == nil)
        #expect(found.damage == nil)
        #expect(found.tasks.records.map(settled) == [elaborate, task(101), json].map(settled))
        #expect(found.tasks.paused == ["mail": true, "web": false])
        #expect(found.tasks.lastTask == 102)
    }

    @Test func `a task changes and is forgotten`() {
        let directory = StoreDirectory()
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        #expect(fixture.store(1, [.add(task(1)), .add(task(2)), .add(task(3))]) == nil)
        var progress = TaskProgress()
        progress.state = .failed
        progress.attempts = 1
        progress.status = .exited(code: 3)
        progress.reason = "exited with 3"
        #expect(fixture.store(2, [.change(TaskID(2), progress), .forget([TaskID(1), TaskID(3)])]) == nil)
        #expect(fixture.close())
        let found = StoreFixture.contents(directory.path).tasks
        #expect(found.records.map(\.id) == [TaskID(2)])
        #expect(found.records.first?.progress == progress)
    }

    @Test func `reserved numbers outlive the tasks that had them`() {
        let directory = StoreDirectory()
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        #expect(fixture.store(1, [.reserve(TaskID(1000))]) == nil)
        #expect(fixture.store(2, [.reserve(TaskID(500)), .add(task(7)), .forget([TaskID(7)])]) == nil)
        #expect(fixture.close())
        #expect(StoreFixture.contents(directory.path).tasks.lastTask == 1000)
    }

    @Test func `a ticket is stored wholly or not at all`() {
        let directory = StoreDirectory()
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        #expect(fixture.store(1, [.add(task(1))]) == nil)
        // The second change is at fault, and takes the first with it.
        let error = fixture.store(2, [.add(task(2)), .add(task(1))])
        #expect(error?.reason == .badChange)
        #expect(fixture.store(3, [.add(task(3))]) == nil)
        #expect(fixture.close())
        #expect(StoreFixture.contents(directory.path).tasks.records.map(\.id.number) == [1, 3])
    }

    @Test func `one bad ticket does not take its neighbours with it`() {
        let directory = StoreDirectory()
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        #expect(fixture.store(1, [.add(task(1))]) == nil)
        // Many at once, so that most share a transaction with a bad one.
        for number in UInt64(2)...200 {
            let isBad = number % 50 == 0
            #expect(fixture.store.store(StoreTicket(number), [.add(task(isBad ? 1 : number))]) == nil)
        }
        for number in UInt64(2)...200 { #expect((fixture.answer(number) == nil) == (number % 50 != 0), "\(number)") }
        #expect(fixture.close())
        #expect(StoreFixture.contents(directory.path).tasks.records.count == 196)
    }

    @Test func `an argument with a NUL in it is refused`() {
        let directory = StoreDirectory()
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        let command = TaskCommand(arguments: ["a\0b"])
        let record = TaskRecord(
            id: TaskID(1), queue: "mail", submission: TaskSubmission(work: .command(command)),
            submittedAt: Instant(nanoseconds: 0))
        #expect(fixture.store(1, [.add(record)])?.reason == .badChange)
        #expect(fixture.close())
    }

    @Test func `changes that come together share a transaction`() {
        let directory = StoreDirectory()
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        for number in UInt64(1)...500 { #expect(fixture.store.store(StoreTicket(number), [.add(task(number))]) == nil) }
        for number in UInt64(1)...500 { #expect(fixture.answer(number) == nil) }
        #expect(fixture.batchSizes.reduce(0, +) == 500)
        #expect(fixture.batchSizes.count < 500)
        #expect(fixture.close())
    }

    @Test func `a full inbox refuses, and says so`() {
        let directory = StoreDirectory()
        var limits = TaskStore.Limits()
        limits.bytes = 100_000
        let fixture = StoreFixture(directory.path, limits: limits)
        _ = fixture.store.read(at: "now")
        let error = fixture.store(1, [.add(task(1, size: 100_000))])
        #expect(error?.reason == .tooManyWaiting)
        #expect(fixture.store(2, [.add(task(2))]) == nil)
        #expect(fixture.close())
    }

    @Test func `after the end nothing is taken`() {
        let directory = StoreDirectory()
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        #expect(fixture.close())
        #expect(fixture.store(1, [.add(task(1))])?.reason == .closed)
    }

    @Test func `the directory and the file are made, for roostd's user alone`() throws {
        let directory = StoreDirectory()
        let deep = "\(directory.path)/a/b"
        let fixture = StoreFixture(deep)
        _ = fixture.store.read(at: "now")
        #expect(fixture.store(1, [.add(task(1))]) == nil)
        for name in ["tasks.db", "tasks.db-wal"] {
            #expect(try FileStatus(path: "\(deep)/\(name)")?.permissions == 0o600, "\(name)")
        }
        // The index lives in memory, where a full file system cannot reach it.
        #expect(try FileStatus(path: "\(deep)/tasks.db-shm") == nil)
        #expect(fixture.close())
    }

    @Test func `a database that others may read is closed to them, and what is forgotten leaves no trace`() throws {
        let directory = StoreDirectory()
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        #expect(fixture.store(1, [.add(task(1, size: 500))]) == nil)
        #expect(fixture.close())
        let path = "\(directory.path)/tasks.db"
        #expect(run("chmod 644 '\(path)'") == 0)
        #expect(run("grep -q xxxxxxxx '\(path)'") == 0)
        let next = StoreFixture(directory.path)
        _ = next.store.read(at: "now")
        #expect(next.store(1, [.forget([TaskID(1)])]) == nil)
        #expect(next.close())
        #expect(try FileStatus(path: path)?.permissions == 0o600)
        #expect(run("grep -q xxxxxxxx '\(path)'") == 1 << 8)
    }

    @Test func `the log does not grow without end`() throws {
        let directory = StoreDirectory()
        let fixture = StoreFixture(directory.path)
        _ = fixture.store.read(at: "now")
        for round in UInt64(0)..<30 {
            let numbers = (round * 200 + 1)...(round * 200 + 200)
            #expect(fixture.store(round, numbers.map { .add(task($0, size: 500)) }) == nil)
            #expect(fixture.store(100 + round, [.forget(numbers.map { TaskID($0) })]) == nil)
        }
        let size = try FileStatus(path: "\(directory.path)/tasks.db-wal")?.size ?? 0
        #expect(size < 6 << 20, "\(size) bytes")
        #expect(fixture.close())
        #expect(try FileStatus(path: "\(directory.path)/tasks.db")?.size ?? .max < 2 << 20)
    }
}
