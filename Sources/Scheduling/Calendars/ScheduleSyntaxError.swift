/// Why a text is no schedule: where it goes wrong, what is wrong there, and what would be right.
public struct ScheduleSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text that was to be read.
    public let text: String
    /// The character that is wrong, the first being 1; one more than the length when something is missing.
    public let column: Int
    /// What is wrong there, such as `an hour is 0 to 23`.
    public let reason: String
    /// What to write instead.
    public let fix: String

    init(text: String, offset: Int, reason: String, fix: String) {
        self.text = text
        // Offsets are in bytes, and people count characters.
        let head = text.utf8.prefix(offset)
        column = String(decoding: head, as: UTF8.self).count + 1
        self.reason = reason
        self.fix = fix
    }

    /// `cannot read the schedule "…": REASON at column N; FIX`
    public var description: String { "cannot read the schedule \"\(text)\": \(reason) at column \(column); \(fix)" }
}
