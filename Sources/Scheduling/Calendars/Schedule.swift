/// When something is to run: one of all the ways to say it.
public enum Schedule: Hashable, Sendable, CustomStringConvertible {
    /// As systemd's `OnCalendar=`.
    case calendar(CalendarExpression)
    /// As in a crontab.
    case cron(CronExpression)
    /// Every so often.
    case every(Interval)
    /// Once, so long after the machine has booted.
    case afterBoot(Duration)
    /// Once, so long after whoever keeps the schedule has started.
    case afterStart(Duration)

    /// What a schedule has to know to say when it is next.
    public struct Surroundings: Sendable {
        /// The zone: that of the expression if it names one, else the job's or the machine's.
        public var rules: TimeZoneRules
        /// What happens when the clocks are set.
        public var policy: ClockChangePolicy
        /// When the machine was booted.
        public var boot: WallTime
        /// When whoever keeps the schedule was started.
        public var start: WallTime
        /// When the last run ended; nil when there was none.
        public var lastFinish: WallTime?

        /// All that a schedule may ask for.
        public init(
            rules: TimeZoneRules, policy: ClockChangePolicy = .cron, boot: WallTime, start: WallTime,
            lastFinish: WallTime? = nil
        ) {
            self.rules = rules
            self.policy = policy
            self.boot = boot
            self.start = start
            self.lastFinish = lastFinish
        }
    }

    /// The first moment after another at which to run; nil when there is none.
    ///
    /// - Parameters:
    ///   - base: the answer is strictly later, so that asking with each answer walks through all of them.
    ///   - surroundings: what it depends on besides.
    /// - Complexity: O(log changes of the zone); no allocation.
    public func next(after base: WallTime, in surroundings: Surroundings) -> WallTime? {
        switch self {
        case .calendar(let calendar): calendar.next(after: base, in: surroundings.rules, policy: surroundings.policy)
        case .cron(let cron):
            cron.isReboot
                ? Self.once(surroundings.boot, after: base)
                : cron.next(after: base, in: surroundings.rules, policy: surroundings.policy)
        case .every(let interval): interval.next(after: base, lastFinish: surroundings.lastFinish)
        case .afterBoot(let delay): Self.once(surroundings.boot + delay, after: base)
        case .afterStart(let delay): Self.once(surroundings.start + delay, after: base)
        }
    }

    private static func once(_ moment: WallTime, after base: WallTime) -> WallTime? { moment > base ? moment : nil }

    /// The zone that the schedule itself names.
    public var zone: CalendarExpression.Zone {
        if case .calendar(let calendar) = self { calendar.zone } else { .local }
    }

    /// Whether it follows the wall clock, and must be asked anew when that is set or the zone changes.
    public var followsWallClock: Bool {
        switch self {
        case .calendar: true
        case .cron(let cron): !cron.isReboot
        case .every, .afterBoot, .afterStart: false
        }
    }

    /// Whether there is no day at all on which it could run. Proved, not tried.
    public var neverElapses: Bool {
        switch self {
        case .calendar(let calendar): calendar.neverElapses
        case .cron(let cron): cron.neverElapses
        case .every, .afterBoot, .afterStart: false
        }
    }

    /// Whether a moment is none that the expression names, but the one at which the clocks were set forward past it.
    public func wasMoved(_ moment: WallTime, in rules: TimeZoneRules) -> Bool {
        let compiled: CompiledCalendar?
        switch self {
        case .calendar(let calendar): compiled = calendar.compiled
        case .cron(let cron): compiled = cron.isReboot ? nil : cron.compiled
        case .every, .afterBoot, .afterStart: compiled = nil
        }
        guard let compiled else { return false }
        let segment = rules.segment(containing: moment.seconds)
        return segment.followsGap && moment == WallTime(seconds: segment.start)
            && !compiled.matches(local: segment.localStart)
    }

    /// The expression in normal form, or in words.
    public var description: String {
        switch self {
        case .calendar(let calendar): calendar.description
        case .cron(let cron): cron.description
        case .every(let interval): interval.description
        case .afterBoot(let delay): "\(delay) after boot"
        case .afterStart(let delay): "\(delay) after start"
        }
    }
}
