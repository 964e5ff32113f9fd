extension Schedule {
    /// How an expression is written.
    public enum Dialect: String, Hashable, Sendable, CaseIterable {
        /// As systemd's `OnCalendar=`.
        case calendar
        /// The five fields of a crontab.
        case cron
        /// Six fields, the first of which is the second.
        case cronSeconds = "cron-seconds"

        /// What a text looks like: no calendar expression has five words, or starts with `@` and a letter.
        public init(guessing text: String) {
            let words = text.split { $0 == " " || $0 == "\t" }
            let afterSign = text.utf8.dropFirst().first ?? 0
            let isNickname = text.hasPrefix("@") && !(afterSign >= UInt8(ascii: "0") && afterSign <= UInt8(ascii: "9"))
            self = words.count == 5 || isNickname ? .cron : words.count > 5 ? .cronSeconds : .calendar
        }
    }

    /// Reads an expression.
    ///
    /// - Parameters:
    ///   - text: such as `Mon..Fri 09:00` or `0 9 * * 1-5`.
    ///   - dialect: how it is written.
    /// - Throws: ``ScheduleSyntaxError``, which says where it goes wrong and what would be right.
    public init(_ text: String, dialect: Dialect) throws(ScheduleSyntaxError) {
        switch dialect {
        case .calendar: self = .calendar(try CalendarExpression(text))
        case .cron: self = .cron(try CronExpression(text))
        case .cronSeconds: self = .cron(try CronExpression(text, syntax: .seconds))
        }
    }
}
