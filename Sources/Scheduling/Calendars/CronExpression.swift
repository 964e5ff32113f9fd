/// When something runs, as a line of a crontab says it: `*/15 9-17 * * mon-fri`, `@daily`.
///
/// The grammar is cronie's (and so Debian's), with `L`, `LW`, `5L` and `5#2`; what it leaves unsaid, or swallows, is
/// an error here. Day of the month and day of the week are joined by cron's rule: when both are set, one of them is
/// enough, unless either starts with `*`, in which case both must hold. ``lints`` says where this may surprise.
///
/// ```swift
/// let cron = try CronExpression("30 2 * * *")
/// let next = cron.next(after: now, in: rules)
/// ```
public struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// What may be written beyond five fields.
    public struct Syntax: OptionSet, Hashable, Sendable {
        /// The set as a number.
        public let rawValue: UInt8

        /// A set from its number.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Six fields, the first of which is the second.
        public static let seconds = Syntax(rawValue: 1)
        /// Quartz' days of the month: `L-3` (three days before the last), `15W` (the workday nearest to the 15th),
        /// and names before `L`, such as `friL`.
        public static let moreDays = Syntax(rawValue: 2)
    }

    /// The text that it was read from.
    public let description: String
    /// What was allowed when it was read.
    public let syntax: Syntax
    /// Whether it runs once, when the machine has booted: `@reboot`.
    public let isReboot: Bool
    /// Says nothing when this is `@reboot`, which is about no time at all.
    let compiled: CompiledCalendar

    /// Reads an expression.
    ///
    /// - Parameters:
    ///   - text: five fields (minute, hour, day of the month, month, day of the week), or one of `@reboot`, `@yearly`,
    ///     `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight`, `@hourly`.
    ///   - syntax: what else is allowed.
    ///   - seed: decides what cronie's random `~` (`0~30`) stands for. Without one it is refused, because it would mean
    ///     another time after each restart.
    /// - Throws: ``ScheduleSyntaxError``, which says where it goes wrong and what would be right.
    public init(_ text: String, syntax: Syntax = [], seed: UInt64? = nil) throws(ScheduleSyntaxError) {
        var parser = CronParser(text, syntax: syntax, seed: seed)
        description = text
        self.syntax = syntax
        let compiled = try parser.parse()
        isReboot = compiled == nil
        self.compiled = compiled ?? CompiledCalendar()
    }

    /// Whether no calendar has such a day: `0 0 30 2 *`. Proved, not tried. `@reboot` does not count as never.
    public var neverElapses: Bool { !isReboot && compiled.neverMatches }

    /// The first moment after another at which this runs; nil when it never does again, and for `@reboot`.
    ///
    /// - Parameters:
    ///   - base: the answer is strictly later.
    ///   - rules: those of the place where the expression is to hold.
    ///   - policy: what happens when the clocks are set.
    /// - Complexity: O(log changes of the zone), well below a microsecond as a rule; no allocation.
    public func next(
        after base: WallTime, in rules: TimeZoneRules, policy: ClockChangePolicy = .cron
    ) -> WallTime? {
        isReboot ? nil : compiled.next(after: base, in: rules, policy: policy)
    }
}
