import SupervisorCore

/// Any JSON object key.
struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// Reads the `params` of a request; each failure names the parameter and what it must be.
struct ParameterReader {
    static let maximumNames = 1000
    static let maximumNameLength = 256
    static let maximumTimeout = 366 * 86_400.0

    /// Nil when the request has no `params`, which is the same as empty ones.
    private let container: KeyedDecodingContainer<AnyKey>?

    init(_ envelope: KeyedDecodingContainer<AnyKey>) throws(ControlError) {
        let key = AnyKey("params")
        guard envelope.contains(key), (try? envelope.decodeNil(forKey: key)) != true else {
            container = nil
            return
        }
        guard let container = try? envelope.nestedContainer(keyedBy: AnyKey.self, forKey: key) else {
            throw ControlError(.invalidParameters, "cannot read the parameters: \"params\" must be an object")
        }
        self.container = container
    }

    /// A misspelt parameter must not be taken for an absent one.
    func allow(_ names: [String]) throws(ControlError) {
        let unknown = container?.allKeys.map(\.stringValue).filter { !names.contains($0) }.min()
        guard let unknown else { return }
        let known = names.isEmpty ? "this method takes none" : "there are \(names.joined(separator: ", "))"
        throw ControlError(.invalidParameters, "cannot take the parameter \"\(unknown)\"; \(known)")
    }

    func names(_ key: String = "names") throws(ControlError) -> [String]? {
        let names: [String]? = try value(key, "a list of strings")
        guard let names else { return nil }
        guard names.count <= ParameterReader.maximumNames,
            names.allSatisfy({ !$0.isEmpty && $0.utf8.count <= ParameterReader.maximumNameLength })
        else { throw mismatch(key, "up to 1000 strings of 1 to 256 bytes each") }
        return names
    }

    func someNames() throws(ControlError) -> [String] {
        guard let names = try names(), !names.isEmpty else {
            throw mismatch("names", "a list with at least one name, such as [\"web\"], or [\"all\"]")
        }
        return names
    }

    func name(_ key: String) throws(ControlError) -> String {
        let name: String? = try value(key, "a name")
        guard let name, !name.isEmpty, name.utf8.count <= ParameterReader.maximumNameLength else {
            throw mismatch(key, "a name of 1 to 256 bytes")
        }
        return name
    }

    func count(_ key: String, upTo limit: Int) throws(ControlError) -> Int {
        let wanted = limit == .max ? "a whole number from 0 on" : "a whole number from 0 to \(limit)"
        let count: Int? = try value(key, wanted)
        guard let count, (0...limit).contains(count) else { throw mismatch(key, wanted) }
        return count
    }

    func wait() throws(ControlError) -> Command.Wait {
        let timeout: Double? = try value("timeout", "a number of seconds")
        if let timeout, !(timeout > 0 && timeout <= ParameterReader.maximumTimeout) {
            throw mismatch("timeout", "a number of seconds, more than 0 and no more than a year")
        }
        if try flag("wait") == false { return .no }
        return .untilDone(timeout: timeout.map { .seconds($0) })
    }

    func signal() throws(ControlError) -> Signal {
        let text: String? = try value("signal", "a signal's name")
        guard let text, let signal = Signal(name: text) else {
            throw mismatch("signal", "a signal such as \"HUP\", \"SIGUSR1\" or \"15\"")
        }
        return signal
    }

    func logQuery() throws(ControlError) -> LogQuery {
        var query = LogQuery(names: try someNames())
        if container?.contains(AnyKey("lines")) == true {
            query.lines = try count("lines", upTo: LogQuery.maximumLines)
        }
        query.follow = try flag("follow") ?? false
        query.stream = try value("stream", "\"stdout\" or \"stderr\"")
        return query
    }

    func eventQuery() throws(ControlError) -> EventQuery {
        let filter = EventFilter(kinds: try names("kinds") ?? [], names: try names() ?? [])
        if let kind = filter.unknownKind {
            let known = Announcement.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError(.invalidParameters, "cannot find events of kind \"\(kind)\"; there are \(known)")
        }
        return EventQuery(after: try value("after", "the number of an event"), filter: filter)
    }

    func flag(_ key: String) throws(ControlError) -> Bool? { try value(key, "true or false") }

    func value<Value: Decodable>(_ key: String, _ wanted: String) throws(ControlError) -> Value? {
        do {
            return try container?.decodeIfPresent(Value.self, forKey: AnyKey(key))
        } catch {
            throw mismatch(key, wanted)
        }
    }

    func mismatch(_ key: String, _ wanted: String) -> ControlError {
        ControlError(.invalidParameters, "cannot read the parameter \"\(key)\": it must be \(wanted)")
    }
}
