import Scheduling

/// The next times of a schedule; also what `--json` prints.
struct ScheduleReport: Encodable {
    struct Elapse: Encodable {
        /// As ISO 8601, in UTC and in the zone.
        let time: String
        let local: String
        /// Seconds since 1970; with parts of seconds if the schedule has some.
        let unix: Double
        /// What is unusual about it.
        let note: String?
        fileprivate let moment: WallTime
        fileprivate let shown: String

        private enum CodingKeys: CodingKey { case time, local, unix, note }
    }

    /// In normal form.
    let schedule: String
    let zone: String
    let times: [Elapse]
    /// Whether there is no other time after these.
    let isComplete: Bool
    let lints: [String]
    private let base: WallTime

    private enum CodingKeys: String, CodingKey {
        case schedule, zone, times, lints
        case isComplete = "complete"
    }

    init(
        _ schedule: Schedule, after base: WallTime, in rules: TimeZoneRules, policy: ClockChangePolicy, number: Int
    ) {
        self.schedule = schedule.description
        self.base = base
        zone = rules.name
        // Of the expressions that can be written here none asks for boots or starts.
        let surroundings = Schedule.Surroundings(rules: rules, policy: policy, boot: .init(seconds: 0), start: base)
        var times: [Elapse] = []
        var last = base
        while times.count < number, let next = schedule.next(after: last, in: surroundings) {
            times.append(Elapse(next, of: schedule, in: rules))
            last = next
        }
        self.times = times
        isComplete = times.count < number
        lints = schedule.lints(after: base, in: rules, policy: policy)
    }

    func text(style: Style) -> String {
        // The zone may be part of the schedule.
        var text = schedule + (schedule.hasSuffix(" \(zone)") ? "\n" : " in \(zone)\n")
        if !times.isEmpty {
            let rows = times.map { [$0.shown, $0.time, TimeText.span($0.moment - base), $0.note ?? ""] }
            text += Table.text(["LOCAL", "UTC", "AFTER", "NOTE"], rows, style: style) { _, column in
                column == 3 ? .yellow : column == 2 ? .grey : nil
            }
        }
        if isComplete { text += times.isEmpty ? "never\n" : "and never after that\n" }
        for lint in lints { text += style.paint("note: ", .yellow) + lint + "\n" }
        return text
    }
}

extension ScheduleReport.Elapse {
    fileprivate init(_ moment: WallTime, of schedule: Schedule, in rules: TimeZoneRules) {
        let civil = CivilTime(moment, in: rules)
        self.moment = moment
        time = "\(moment)"
        local = "\(civil)"
        shown = civil.text
        unix = Double(moment.microseconds) / 1_000_000
        if schedule.wasMoved(moment, in: rules) {
            note = "(gap: moved)"
        } else {
            switch civil.repetition {
            case .none: note = nil
            case .first: note = "(repeat: 1st)"
            case .second: note = "(repeat: 2nd)"
            }
        }
    }
}
