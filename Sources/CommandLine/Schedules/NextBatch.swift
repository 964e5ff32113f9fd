import Scheduling

/// Answers lines of a schedule, a zone and a time with lines of times.
struct NextBatch {
    let dialect: Schedule.Dialect?
    let number: Int
    let policy: ClockChangePolicy
    private let zones = ZoneSource()
    /// So much is kept before it is written.
    private static let outputLimit = 64 << 10

    init(dialect: Schedule.Dialect?, number: Int, policy: ClockChangePolicy) {
        self.dialect = dialect
        self.number = number
        self.policy = policy
    }

    func run() throws(Failure) {
        var input = try InputLines("-")
        var output = ""
        while true {
            while let line = try input.next() {
                output += answer(String(decoding: line, as: UTF8.self)) + "\n"
                if output.utf8.count > Self.outputLimit {
                    try write(output)
                    output = ""
                }
            }
            // Whoever writes a line and waits for its answer gets it.
            try write(output)
            output = ""
            if input.hasEnded { return }
            try input.read()
        }
    }

    private func answer(_ line: String) -> String {
        let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard columns.count >= 3 else { return "error: a line is a schedule, a zone and a time, separated by tabs" }
        // A schedule may hold tabs of its own.
        let text = columns.dropLast(2).joined(separator: "\t")
        let (zone, time) = (String(columns[columns.count - 2]), String(columns[columns.count - 1]))
        do {
            let schedule = try Schedule(text, dialect: dialect ?? Schedule.Dialect(guessing: text))
            let rules = try zones.rules(of: schedule, orElse: zone)
            guard let base = WallTime(time, in: rules) else {
                return "error: cannot read the time \(time.printable): write 2026-03-29T02:30+01:00"
            }
            return times(of: schedule, after: base, in: rules)
        } catch {
            return "error: \("\(error)".printable)"
        }
    }

    private func times(of schedule: Schedule, after base: WallTime, in rules: TimeZoneRules) -> String {
        let surroundings = Schedule.Surroundings(rules: rules, policy: policy, boot: .init(seconds: 0), start: base)
        var fields: [String] = []
        var last: WallTime? = base
        for _ in 0..<number {
            last = last.flatMap { schedule.next(after: $0, in: surroundings) }
            fields.append(last.map { text(of: $0, hasFractions: schedule.hasFractions) } ?? "-")
        }
        return fields.joined(separator: "\t")
    }

    private func text(of time: WallTime, hasFractions: Bool) -> String {
        guard hasFractions else { return "\(time.seconds)" }
        let part = String(time.microseconds - time.seconds * 1_000_000)
        return "\(time.seconds)." + String(repeating: "0", count: 6 - part.count) + part
    }
}
