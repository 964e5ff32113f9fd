import Scheduling
import SupervisorCore

/// A task as a row of the table `task`, in the order of its columns.
extension Statement {
    // MARK: - Writing

    func bind(_ record: TaskRecord, _ clock: StoreClock, path: String) throws(StoreError) {
        let submission = record.submission
        try bind(1, Int64(bitPattern: record.id.number))
        try bind(2, record.queue)
        switch submission.work {
        case .command(let command):
            try bind(3, 0)
            try bind(4, try TextList.bytes(of: command.arguments, path: path))
            try bind(5, command.directory)
            try bind(6, try TextList.bytes(of: command.environment.map { "\($0.name)=\($0.value)" }, path: path))
        case .json(let line):
            try bind(3, 1)
            try bind(4, Array(line.utf8))
            try bindNull(5)
            try bind(6, [])
        }
        try bind(7, submission.label)
        try bind(8, submission.key)
        try bind(9, submission.priority.map(Int64.init))
        try bind(10, submission.timeout?.saturatingNanoseconds)
        try bind(11, submission.attempts.map(Int64.init))
        try bind(12, submission.after.map(\.description).joined(separator: " "))
        try bind(13, submission.afterAny ? 1 : 0)
        try bind(14, submission.submitter.user.map(Int64.init))
        try bind(15, clock.stored(record.submittedAt))
        try bind(record.progress, from: 16, clock)
    }

    /// - Parameter first: the number of the parameter for the state; the rest follow it.
    func bind(_ progress: TaskProgress, from first: Int32, _ clock: StoreClock) throws(StoreError) {
        try bind(first, progress.state.rawValue)
        try bind(first + 1, Int64(progress.attempts))
        try bind(first + 2, Int64(progress.failures))
        try bind(first + 3, Int64(progress.retries))
        try bind(first + 4, Int64(progress.interruptions))
        try bind(first + 5, progress.run.map { Int64($0.instance.index) })
        try bind(first + 6, progress.run.map { Int64(bitPattern: $0.number) })
        try bind(first + 7, progress.startedAt.map(clock.stored))
        try bind(first + 8, progress.finishedAt.map(clock.stored))
        try bind(first + 9, progress.status.map(StatusText.text))
        try bind(first + 10, progress.answer)
        try bind(first + 11, progress.reason)
    }

    // MARK: - Reading

    func record(_ clock: StoreClock, path: String) throws(StoreError) -> TaskRecord {
        let queue = text(1)
        let work: TaskWork
        if integer(2) != 0 {
            work = .json(text(3))
        } else {
            let environment = TextList.items(of: bytes(5)).map { item in
                let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return EnvironmentVariable(name: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : "")
            }
            work = .command(
                TaskCommand(
                    arguments: TextList.items(of: bytes(3)), directory: optionalText(4), environment: environment))
        }
        let submission = TaskSubmission(
            work: work, label: optionalText(6), key: optionalText(7), priority: optionalInteger(8).map { Int($0) },
            timeout: optionalInteger(9).map { .nanoseconds($0) }, attempts: optionalInteger(10).map { Int($0) },
            after: text(11).split(separator: " ").compactMap { UInt64($0).map(TaskID.init) },
            afterAny: integer(12) != 0,
            submitter: Submitter(user: optionalInteger(13).map { UInt32(truncatingIfNeeded: $0) }))
        return TaskRecord(
            id: TaskID(UInt64(bitPattern: integer(0))), queue: queue, submission: submission,
            submittedAt: clock.moment(integer(14)), progress: try progress(of: queue, clock, path: path))
    }

    private func progress(of queue: String, _ clock: StoreClock, path: String) throws(StoreError) -> TaskProgress {
        var progress = TaskProgress()
        guard let state = TaskState(rawValue: text(15)) else {
            throw StoreError(.corrupt, "read", path: path, detail: "\"\(text(15))\" is no state of a task")
        }
        progress.state = state
        progress.attempts = Int(integer(16))
        progress.failures = Int(integer(17))
        progress.retries = Int(integer(18))
        progress.interruptions = Int(integer(19))
        if let slot = optionalInteger(20), let number = optionalInteger(21) {
            progress.run = RunID(
                instance: InstanceID(worker: queue, index: Int(slot)), number: UInt64(bitPattern: number))
        }
        progress.startedAt = optionalInteger(22).map(clock.moment)
        progress.finishedAt = optionalInteger(23).map(clock.moment)
        progress.status = optionalText(24).map(StatusText.status)
        progress.answer = optionalText(25)
        progress.reason = text(26)
        return progress
    }
}

/// A list of texts without NUL as one row of bytes, each ended by a NUL: the same bytes come back, whatever they are.
enum TextList {
    static func bytes(of items: [String], path: String) throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        for item in items {
            guard !item.utf8.contains(0) else {
                throw StoreError(.badChange, "write to", path: path, detail: "an argument has a NUL in it")
            }
            bytes += item.utf8
            bytes.append(0)
        }
        return bytes
    }

    static func items(of bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

/// How an attempt ended, as text: "code 3", "signal 11", "signal 11 core", "unknown".
enum StatusText {
    static func text(_ status: ExitStatus) -> String {
        switch status {
        case .exited(let code): "code \(code)"
        case .signaled(let signal, let coreDumped): "signal \(signal.number)\(coreDumped ? " core" : "")"
        case .unknown: "unknown"
        }
    }

    static func status(_ text: String) -> ExitStatus {
        let words = text.split(separator: " ")
        guard words.count > 1, let number = Int32(words[1]) else { return .unknown }
        return words[0] == "code"
            ? .exited(code: number) : .signaled(Signal(number: number), coreDumped: words.count > 2)
    }
}
