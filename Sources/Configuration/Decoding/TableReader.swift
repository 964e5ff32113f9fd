/// Reads a table key by key. The keys that nobody asked for are the unknown ones.
struct TableReader {
    let table: TOML.Table
    let place: Place
    let context: DecodingContext
    private var known: [String] = []
    private var later: [String] = []

    init(_ table: TOML.Table, place: Place, context: DecodingContext) {
        self.table = table
        self.place = place
        self.context = context
    }

    /// The value of `name`, if the table has it. Makes the key a known one either way.
    mutating func field(_ name: String) -> Field? {
        if !known.contains(name) { known.append(name) }
        guard let entry = table.entry(name) else { return nil }
        return Field(value: entry.value, place: place.child(name, at: entry.value.position), context: context)
    }

    /// Sets `target` to the value of `name`, if the table has it and `convert` can make sense of it.
    mutating func set<Target>(_ target: inout Target, _ name: String, _ convert: (Field) -> Target?) {
        if let field = field(name), let value = convert(field) { target = value }
    }

    /// The value of a key that must be there.
    mutating func require(_ name: String, fix: String) -> Field? {
        if let field = field(name) { return field }
        if context.isComplete {
            problem("\"\(name)\" is missing", fix: fix)
        }
        return nil
    }

    /// Names keys that exist in a later version, so that they are told apart from slips.
    mutating func expectLater(_ names: [String]) { later += names }

    /// Reports the keys that nobody asked for. `hints` says what a key of another supervisor is called here.
    func finish(hints: [String: String] = [:]) {
        for entry in table.entries where !known.contains(entry.key.name) {
            let name = entry.key.name
            let keyPlace = place.child(name, at: entry.key.position)
            if later.contains(name) {
                context.problems.add(at: keyPlace, "is not supported by this version", fix: "remove it")
                continue
            }
            let fix: String
            if let hint = hints[name] {
                fix = "here it is \(hint)"
            } else if let nearest = nearestName(to: name, among: known) {
                fix = "did you mean \"\(nearest)\"?"
            } else if let nearest = nearestName(to: name, among: later) {
                fix = "did you mean \"\(nearest)\"? That is not supported by this version"
            } else {
                fix = "known are \(known.joined(separator: ", "))"
            }
            context.problems.add(at: keyPlace, "unknown key", fix: fix)
        }
    }

    /// The names of the given keys that the table has.
    func present(_ names: [String]) -> [String] { names.filter { table.entry($0) != nil } }

    func problem(_ message: String, fix: String? = nil) { context.problems.add(at: place, message, fix: fix) }
}
