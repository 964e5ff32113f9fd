package import SupervisorCore

/// Which events a subscriber wants: those that match one of the kinds and one of the names; an empty list is all.
package struct EventFilter: Equatable, Sendable {
    /// `instance.exited`, or a pattern that ends in `*`, such as `instance.*`.
    package var kinds: [String]
    /// `web`, `web:0`, `web:*`, a pattern that ends in `*`, or `all`. An event about no instance matches no name.
    package var names: [String]

    package init(kinds: [String] = [], names: [String] = []) {
        self.kinds = kinds
        self.names = names
    }

    package func matches(_ announcement: Announcement) -> Bool {
        guard kinds.isEmpty || kinds.contains(where: { Pattern($0).matches(announcement.kind.rawValue) }) else {
            return false
        }
        if names.isEmpty { return true }
        guard let owner = announcement.owner else { return false }
        let instance = announcement.instance?.description ?? owner
        return names.contains { name in
            name == "all" || name == owner || Pattern(name).matches(instance)
        }
    }

    /// Every kind, and a pattern for each family of them.
    package static var knownKinds: [String] {
        let kinds = Announcement.Kind.allCases.map(\.rawValue)
        var families: [String] = []
        for kind in kinds {
            let family = "\(kind.prefix { $0 != "." }).*"
            if !families.contains(family) { families.append(family) }
        }
        return families + kinds
    }

    /// The first kind that no event will ever have.
    package var unknownKind: String? {
        kinds.first { kind in
            !Announcement.Kind.allCases.contains { Pattern(kind).matches($0.rawValue) }
        }
    }
}

/// A name, or the beginning of one followed by `*`.
package struct Pattern: Equatable, Sendable {
    private let text: String

    package init(_ text: String) { self.text = text }

    package func matches(_ name: String) -> Bool {
        text.hasSuffix("*") ? name.hasPrefix(text.dropLast()) : name == text
    }
}
