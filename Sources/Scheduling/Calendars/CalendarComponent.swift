/// One item of a list in a calendar expression: `5`, `1..5`, `0/15` or `1..30/7`. Seconds are in microseconds.
struct CalendarComponent: Hashable, Sendable, Comparable {
    var start: Int
    var stop: Int?
    /// 0 when it does not repeat.
    var step: Int

    static func < (left: Self, right: Self) -> Bool {
        (left.start, left.stop ?? -1, left.step) < (right.start, right.stop ?? -1, right.step)
    }

    /// A range ends where its last step is, and one that holds a single value is that value.
    func shortened() -> Self {
        var result = self
        guard var stop else { return self }
        if stop > start, step > 0 { stop -= (stop - start) % step }
        result.stop = stop
        if stop == start || (stop > start && step > 0 && start + step > stop) {
            result.stop = nil
            result.step = 0
        }
        return result
    }

    /// Whether it fits between two values, with at least one of its steps.
    func isValid(in range: ClosedRange<Int>, fromEnd: Bool) -> Bool {
        guard range.contains(start), step <= range.upperBound - range.lowerBound else { return false }
        if let stop { return range.contains(stop) && start + step <= stop }
        return fromEnd ? start - step >= range.lowerBound : start + step <= range.upperBound
    }

    /// All its values up to `limit`, counting up.
    func values(upTo limit: Int) -> StrideThrough<Int> {
        stride(from: start, through: stop ?? (step > 0 ? limit : start), by: max(step, 1))
    }
}

/// A list of values, or all of them.
struct CalendarField: Hashable, Sendable {
    /// Nil is `*`.
    var components: [CalendarComponent]?

    static let all = CalendarField(components: nil)

    static func only(_ value: Int) -> CalendarField {
        CalendarField(components: [CalendarComponent(start: value, stop: nil, step: 0)])
    }

    /// Sorted, each once, ranges shortened.
    mutating func normalize() {
        guard let components else { return }
        var result: [CalendarComponent] = []
        for component in components.map({ $0.shortened() }).sorted() where component != result.last {
            result.append(component)
        }
        self.components = result
    }

    /// One bit for each value.
    func bits(upTo limit: Int) -> UInt64 {
        guard let components else { return .max }
        var bits: UInt64 = 0
        for component in components {
            for value in component.values(upTo: limit) { bits |= 1 << UInt64(value) }
        }
        return bits
    }

    /// As systemd writes it: numbers of at least `width` digits.
    func text(width: Int) -> String {
        guard let components else { return "*" }
        return components.map { component in
            var text = padded(component.start, width)
            if let stop = component.stop { text += ".." + padded(stop, width) }
            if component.step > 0, component.stop == nil || component.step != 1 { text += "/\(component.step)" }
            return text
        }.joined(separator: ",")
    }

    /// The same for microseconds, told in seconds.
    var secondsText: String {
        guard let components else { return "*" }
        let second = Int(Micro.second)
        if components == [CalendarComponent(start: 0, stop: nil, step: second)] { return "*" }
        func text(_ value: Int, _ width: Int) -> String {
            let part = value % second
            return padded(value / second, width) + (part > 0 ? "." + padded(part, 6) : "")
        }
        return components.map { component in
            var result = text(component.start, 2)
            if let stop = component.stop { result += ".." + text(stop, 2) }
            if component.step > 0, component.stop == nil || component.step != second {
                result += "/" + text(component.step, 1)
            }
            return result
        }.joined(separator: ",")
    }
}

func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
