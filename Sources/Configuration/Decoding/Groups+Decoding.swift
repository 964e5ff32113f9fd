import SupervisorCore

extension Field {
    /// `[group.NAME]`
    ///
    /// - Parameter references: receives the members.
    func group(_ name: String, references: inout [Reference]) -> GroupDefinition? {
        var found: [Reference] = []
        defer { references = found }
        return table { group in
            let field = group.require("members", fix: "write members = [\"worker\", …]")
            let members = field?.names(.members, into: &found)
            if members?.isEmpty == true {
                field?.problem("the group has no members", fix: "name some, or remove the group")
            }
            var definition = GroupDefinition(name: name, members: members ?? [])
            group.set(&definition.strategy, "strategy") { $0.choice() }
            group.set(&definition.intensity, "intensity") { $0.intensity() }
            return members == nil ? nil : definition
        }
    }

    /// `{ restarts = 3, within = "1m" }`
    private func intensity() -> GroupDefinition.Intensity? {
        table { table in
            let restarts: Int? = table.require("restarts", fix: "write restarts = 3")?.integer(in: 0...10_000)
            let within = table.require("within", fix: "write within = \"1m\"")?.duration(positive: true)
            guard let restarts, let within else { return nil }
            return GroupDefinition.Intensity(restarts: restarts, within: within)
        }
    }

    /// What may be allowed to a peer: the verbs of the control channel, and "*" for all of them.
    static let verbs = [
        "status", "start", "stop", "restart", "signal", "scale", "clear", "plan", "apply", "logs", "events", "why",
        "call", "submit", "tasks", "wait", "result", "cancel", "retry", "pause", "resume", "version", "shutdown", "*",
    ]

    /// `deploy = { group = "deploy", verbs = ["status"], workers = ["web*"] }`
    ///
    /// - Parameter references: receives the workers that are named without a pattern.
    func accessRule(_ name: String, references: inout [Reference]) -> AccessRule? {
        var found: [Reference] = []
        defer { references = found }
        return table { rule in
            let user = rule.field("user")?.user()
            let group = rule.field("group")?.accountGroup()
            switch rule.present(["user", "group"]).count {
            case 1: break
            case 0:
                if context.isComplete { rule.problem("is for nobody", fix: "add user or group") }
            default: rule.problem("has both user and group", fix: "keep one, or write two rules")
            }
            let verbs = rule.require("verbs", fix: "write verbs = [\"status\"]")?.verbs()
            let workers = rule.require("workers", fix: "write workers = [\"*\"]")?.patterns(into: &found)
            guard let verbs, let workers else { return nil }
            return AccessRule(name: name, user: user, group: group, verbs: verbs, workers: workers)
        }
    }

    private func verbs() -> [String]? {
        guard let elements = nonEmptyElements("an array of verbs") else { return nil }
        return elements.compactMap { element in
            element.string("a verb").flatMap { element.choice($0, of: Field.verbs) }
        }
    }

    /// Names of workers, or patterns that end in `*`.
    private func patterns(into references: inout [Reference]) -> [String]? {
        guard let elements = nonEmptyElements("an array of worker names or patterns") else { return nil }
        var patterns: [String] = []
        for element in elements {
            guard let text = element.string("a worker name or pattern") else { continue }
            let stem = text.hasSuffix("*") ? text.dropLast() : text[...]
            guard !stem.contains("*"), !stem.contains("?"), !stem.contains("[") else {
                element.problem(
                    "\(TOML.quoted(text)) has a wildcard before its end", fix: "only one * at the end is understood")
                continue
            }
            if stem.count == text.count {
                references.append(Reference(kind: .workers, name: text, place: element.place))
            }
            patterns.append(text)
        }
        return patterns
    }

    private func nonEmptyElements(_ expected: String) -> [Field]? {
        guard let elements = elements(expected) else { return nil }
        if elements.isEmpty {
            problem("is empty, so the rule allows nothing", fix: "list something, or remove the rule")
            return nil
        }
        return elements
    }
}
