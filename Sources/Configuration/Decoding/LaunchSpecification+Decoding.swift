import SupervisorCore

extension TableReader {
    /// What a worker's table says about how to spawn it. Nil when there is no command.
    mutating func launchSpecification() -> LaunchSpecification? {
        let command = require("command", fix: "write command = [\"program\", \"argument\"]")
        let arguments = command?.command()
        var launch = LaunchSpecification(arguments: arguments ?? [])
        setSurroundings(of: &launch)
        return arguments == nil ? nil : launch
    }

    /// All but the command.
    mutating func setSurroundings(of launch: inout LaunchSpecification) {
        set(&launch.user, "user") { $0.user() }
        set(&launch.group, "group") { $0.accountGroup() }
        set(&launch.supplementaryGroups, "supplementary_groups") { field in
            field.elements("an array of group names")?.compactMap { $0.accountGroup() }
        }
        set(&launch.directory, "directory") { field in
            guard let path = field.absolutePath() else { return nil }
            field.inspectDirectory(path)
            return path
        }
        set(&launch.umask, "umask") { $0.mode() }
        set(&launch.inheritEnvironment, "inherit_environment") { $0.boolean() }
        set(&launch.environment, "environment") { $0.environment() }
        set(&launch.environmentFiles, "environment_files") { field in
            field.elements("an array of paths")?.compactMap { $0.environmentFile() }
        }
        set(&launch.limits, "limits") { $0.limits() }
        set(&launch.nice, "nice") { $0.integer(in: -20...19) }
        set(&launch.oomScoreAdjustment, "oom_score_adjust") { $0.integer(in: -1000...1000) }
        set(&launch.noNewPrivileges, "no_new_privileges") { $0.boolean() }
        set(&launch.parentDeathSignal, "parent_death_signal") { $0.signal() }
        set(&launch.standardInput, "stdin") { $0.absolutePath() }
    }
}

extension Field {
    /// `{ NAME = "value" }`
    fileprivate func environment() -> [EnvironmentVariable]? {
        guard case .table(let table) = value.kind else {
            mismatch("a table of strings", fix: "write { NAME = \"value\" }")
            return nil
        }
        var variables: [EnvironmentVariable] = []
        for entry in table.entries {
            let name = entry.key.name
            let variable = Field(
                value: entry.value, place: place.child(name, at: entry.value.position), context: context)
            guard !name.isEmpty, !name.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == 0 }) else {
                variable.problem(
                    "\(TOML.quoted(name)) cannot be the name of a variable", fix: "use letters, digits and \"_\"")
                continue
            }
            guard name != "ROOST_RUN" else {
                variable.problem("ROOST_RUN is how Roost recognises its runs", fix: "use another name")
                continue
            }
            if let text = variable.string(allowEmpty: true, takesNumbers: true) {
                variables.append(EnvironmentVariable(name: name, value: text))
            }
        }
        return variables
    }

    /// An absolute path, with a leading `-` if the file may be missing.
    fileprivate func environmentFile() -> String? {
        guard let text = string("a path") else { return nil }
        if text.hasPrefix("/") || text.hasPrefix("-/") { return text }
        problem(
            "\(TOML.quoted(text)) is not an absolute path",
            fix: "start it with /, or with -/ if the file may be missing")
        return nil
    }

    /// `{ open_files = 65536, core_size = "unlimited" }`
    fileprivate func limits() -> [ResourceLimit]? {
        table(hints: ["nofile": "open_files", "nproc": "processes", "core": "core_size"]) { table in
            table.expectLater(["memory", "cpu", "tasks"])
            var limits: [ResourceLimit] = []
            for kind in ResourceLimit.Kind.allCases {
                if let field = table.field(kind.rawValue), let limit = field.limit(kind) { limits.append(limit) }
            }
            return limits
        }
    }

    private func limit(_ kind: ResourceLimit.Kind) -> ResourceLimit? {
        if case .string("unlimited") = value.kind { return ResourceLimit(kind: kind, value: nil) }
        switch kind {
        case .openFiles, .processes, .cpuSeconds:
            guard case .integer = value.kind else {
                mismatch("a number or \"unlimited\"", fix: "write 1024, for example")
                return nil
            }
            let lowest: Int64 = kind == .openFiles ? 3 : 0  // the three standard streams
            return integer(in: lowest...Int64.max).map { ResourceLimit(kind: kind, value: UInt64($0)) }
        case .coreSize, .fileSize, .addressSpace, .dataSize, .stackSize, .lockedMemory:
            if case .string(let text) = value.kind, let nearest = nearestName(to: text, among: ["unlimited"]) {
                problem("\(TOML.quoted(text)) is no size", fix: "did you mean \"\(nearest)\"?")
                return nil
            }
            return size().map { ResourceLimit(kind: kind, value: UInt64($0)) }
        }
    }
}
