import Glibc
import Linux
import Scheduling
import SupervisorCore
import Threading

@testable import Store

/// A directory of its own for one test, removed with everything in it and unmounted if something is mounted there.
final class StoreDirectory {
    let path: String
    private var isMounted = false

    init() {
        var template = Array("/tmp/roost-store-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
    }

    deinit {
        if isMounted { run("umount -l '\(path)'") }
        run("rm -rf '\(path)'")
    }

    /// Mounts a file system of this size over it. False, said loudly, where this cannot be done.
    func mountSmall(_ size: String) -> Bool {
        isMounted = run("mount -t tmpfs -o size=\(size) roost-test '\(path)' 2>/dev/null") == 0
        if !isMounted { print("SKIPPED: cannot mount a small tmpfs here") }
        return isMounted || getenv("CI") != nil
    }

    func remount(_ option: String) -> Bool { run("mount -o remount,\(option) '\(path)'") == 0 }

    var names: [String] { lines("ls -A '\(path)'") }

    private func lines(_ command: String) -> [String] {
        guard let pipe = popen(command, "r") else { return [] }
        defer { pclose(pipe) }
        var lines: [String] = []
        while let line = getline(pipe) { lines.append(line) }
        return lines
    }

    private func getline(_ stream: UnsafeMutablePointer<FILE>) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard fgets(&buffer, 4096, stream) != nil else { return nil }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(text.dropLast(text.hasSuffix("\n") ? 1 : 0))
    }
}

@discardableResult
func run(_ command: String) -> Int32 { system(command) }

/// A store, and what it answered.
final class StoreFixture: Sendable {
    let store: TaskStore
    private let answers: Monitor<[UInt64: StoreError?]>
    private let batches: Monitor<[Int]>
    private let untidy: Monitor<[StoreError]>

    init(_ directory: String, limits: TaskStore.Limits = TaskStore.Limits()) {
        let answers = Monitor<[UInt64: StoreError?]>([:])
        let batches = Monitor<[Int]>([])
        let untidy = Monitor<[StoreError]>([])
        self.untidy = untidy
        self.answers = answers
        self.batches = batches
        store = TaskStore(in: directory, limits: limits) { batch in
            batches.withLock { $0.append(batch.count) }
            untidy.withLock { $0 += batch.compactMap(\.untidy) }
            answers.withLock { known in
                for answer in batch { known.updateValue(answer.error, forKey: answer.ticket.number) }
            }
        }
    }

    /// What was said of a log that cannot be moved into the tables.
    var untidiness: [StoreError] { untidy.withLock { $0 } }

    var batchSizes: [Int] { batches.withLock { $0 } }

    /// Stores changes and waits for the answer: nil when they are durable.
    func store(_ ticket: UInt64, _ changes: [StoreChange]) -> StoreError? {
        if let refusal = store.store(StoreTicket(ticket), changes) { return refusal }
        return answer(ticket)
    }

    /// Waits for the answer to a ticket.
    func answer(_ ticket: UInt64) -> StoreError? {
        answers.wait(until: { $0[ticket] != nil }) { $0[ticket] ?? nil } ?? nil
    }

    func close() -> Bool { store.close(timeout: .seconds(60)) }

    /// What another roostd would find now.
    static func contents(_ directory: String, at time: String = "now") -> TaskStore.Contents {
        let store = TaskStore(in: directory) { _ in }
        defer { _ = store.close(timeout: .seconds(60)) }
        return store.read(at: time)
    }
}

func task(_ number: UInt64, size: Int = 0, queue: String = "mail") -> TaskRecord {
    let command = TaskCommand(arguments: ["true"] + (size > 0 ? [String(repeating: "x", count: size)] : []))
    return TaskRecord(
        id: TaskID(number), queue: queue, submission: TaskSubmission(work: .command(command)),
        submittedAt: Instant(nanoseconds: 0))
}
