/// A value on its way into the plan, with everything that a problem with it must name.
///
/// Each conversion returns nil after having reported what is wrong.
struct Field {
    let value: TOML.Value
    let place: Place
    let context: DecodingContext

    func problem(_ message: String, fix: String? = nil) { context.problems.add(at: place, message, fix: fix) }

    func warning(_ message: String, fix: String? = nil) {
        context.problems.add(.warning, at: place, message, fix: fix)
    }

    /// Says that the value is of another type than `expected`, such as "a string".
    func mismatch(_ expected: String, fix: String? = nil) {
        problem("expected \(expected), found \(found)", fix: fix)
    }

    var found: String {
        switch value.kind {
        case .string: "a string"
        case .integer: "an integer"
        case .float: "a float"
        case .boolean: "a boolean"
        case .date(let kind, _): "a \(kind.rawValue)"
        case .array: "an array"
        case .table: "a table"
        case .tables: "an array of tables"
        }
    }

    // MARK: Scalars

    /// - Parameters:
    ///   - expected: what the text is, for the message about a value that is none.
    ///   - takesNumbers: whether a number or the like becomes a sensible value when it is quoted.
    func string(
        _ expected: String = "a string", allowEmpty: Bool = false, takesNumbers: Bool = false
    ) -> String? {
        guard case .string(let text) = value.kind else {
            mismatch(expected, fix: takesNumbers ? bareText.map { "write \"\($0)\"" } : nil)
            return nil
        }
        if text.isEmpty, !allowEmpty {
            problem("must not be empty", fix: "write a value or remove the key")
            return nil
        }
        // The kernel's strings end at the first NUL.
        if text.utf8.contains(0) {
            problem("cannot hold a NUL character", fix: "remove the \\u0000")
            return nil
        }
        return text
    }

    /// A scalar as it would look inside quotes; nil for what cannot simply be quoted.
    private var bareText: String? {
        switch value.kind {
        case .integer(let number): "\(number)"
        case .float(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        case .date(_, let text): text
        case .string, .array, .table, .tables: nil
        }
    }

    func boolean() -> Bool? {
        if case .boolean(let flag) = value.kind { return flag }
        if case .string(let text) = value.kind, text == "true" || text == "false" {
            mismatch("true or false", fix: "remove the quotes")
        } else {
            mismatch("true or false")
        }
        return nil
    }

    func integer<Number: FixedWidthInteger>(in range: ClosedRange<Number>) -> Number? {
        guard case .integer(let number) = value.kind else {
            if case .string(let text) = value.kind, Int64(text) != nil {
                mismatch("an integer", fix: "remove the quotes")
            } else {
                mismatch("an integer")
            }
            return nil
        }
        guard let result = Number(exactly: number), range.contains(result) else {
            problem("\(number) is out of range", fix: "use \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return result
    }

    /// A float, or an integer that stands for one.
    func number(in range: ClosedRange<Double>) -> Double? {
        let number: Double
        switch value.kind {
        case .integer(let value): number = Double(value)
        case .float(let value): number = value
        case .string, .boolean, .date, .array, .table, .tables:
            mismatch("a number")
            return nil
        }
        guard range.contains(number) else {
            problem("\(number) is out of range", fix: "use \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// One of the raw values of an enumeration.
    func choice<Choice: RawRepresentable & CaseIterable>() -> Choice? where Choice.RawValue == String {
        guard let text = string(), let name = choice(text, of: Choice.allCases.map(\.rawValue)) else { return nil }
        return Choice(rawValue: name)
    }

    /// `text` if it is one of `names`.
    func choice(_ text: String, of names: [String]) -> String? {
        if names.contains(text) { return text }
        let all = names.map { "\"\($0)\"" }.joined(separator: ", ")
        if let nearest = nearestName(to: text, among: names) {
            problem("\(TOML.quoted(text)) is none of \(all)", fix: "did you mean \"\(nearest)\"?")
        } else {
            problem("\(TOML.quoted(text)) is none of \(all)", fix: "use one of them")
        }
        return nil
    }

    // MARK: Compounds

    /// The elements of an array; each is a field with the key of the array and a place of its own.
    func elements(_ expected: String) -> [Field]? {
        guard case .array(let values) = value.kind else {
            if case .string(let text) = value.kind {
                mismatch(expected, fix: "write [\(TOML.quoted(text))]")
            } else {
                mismatch(expected)
            }
            return nil
        }
        return values.map { element in
            var place = place
            place.position = element.position
            return Field(value: element, place: place, context: context)
        }
    }

    func strings(_ expected: String = "an array of strings") -> [String]? {
        guard let elements = elements(expected) else { return nil }
        return elements.compactMap { $0.string() }
    }

    /// Reads a table with `read`, then reports the keys that it did not ask for.
    func table<Result>(
        _ expected: String = "a table", hints: [String: String] = [:], _ read: (inout TableReader) -> Result?
    ) -> Result? {
        guard case .table(let table) = value.kind else {
            if case .tables = value.kind {
                problem("expected \(expected), found [[\(place.key)]]", fix: "write [\(place.key)]")
            } else {
                mismatch(expected)
            }
            return nil
        }
        var reader = TableReader(table, place: place, context: context)
        let result = read(&reader)
        reader.finish(hints: hints)
        return result
    }
}
