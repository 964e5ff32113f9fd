import SupervisorCore

/// A worker or group that a definition names, and where it does so.
struct Reference {
    enum Kind: String {
        case requires, after, members, workers
    }

    var kind: Kind
    var name: String
    var place: Place
}

extension Field {
    /// `[worker.NAME]`
    ///
    /// - Parameter references: receives what it requires or starts after.
    func worker(_ name: String, references: inout [Reference]) -> WorkerDefinition? {
        var found: [Reference] = []
        defer { references = found }
        return table(hints: Vocabulary.worker) { worker in
            let launch = worker.launchSpecification()
            var definition = WorkerDefinition(name: name, launch: launch ?? LaunchSpecification(arguments: []))
            worker.set(&definition.instances, "instances") { $0.integer(in: 0...10_000) }
            worker.supervision(of: &definition, references: &found)
            return launch == nil ? nil : definition
        }
    }

    /// Names of workers, each of which must exist; whether they do is known when all files have been decoded.
    func names(_ kind: Reference.Kind, into references: inout [Reference]) -> [String]? {
        guard let elements = elements("an array of worker names") else { return nil }
        var names: [String] = []
        var seen: Set<String> = []
        for element in elements {
            guard let name = element.string("a worker name") else { continue }
            guard seen.insert(name).inserted else {
                element.problem("\(TOML.quoted(name)) is listed twice", fix: "remove one")
                continue
            }
            names.append(name)
            references.append(Reference(kind: kind, name: name, place: element.place))
        }
        return names
    }
}

extension TableReader {
    /// What workers and pools have in common beside their launch.
    ///
    /// - Parameter references: receives what it requires or starts after.
    mutating func supervision(of definition: inout WorkerDefinition, references: inout [Reference]) {
        expectLater(["rolling", "recycle", "sockets"])
        set(&definition.autostart, "autostart") { $0.boolean() }
        set(&definition.requires, "requires") { $0.names(.requires, into: &references) }
        set(&definition.after, "after") { $0.names(.after, into: &references) }
        let restart = definition.restart
        set(&definition.restart, "restart") { $0.restartPolicy(from: restart) }
        let instances = definition.instances
        set(&definition.ready, "ready") { $0.readiness(instances: instances) }
        set(&definition.health, "health") { $0.healthCheck(instances: instances) }
        set(&definition.stop, "stop") { $0.stopPolicy() }
        set(&definition.log, "log") { $0.logPolicy() }
    }

    /// Whether this table's name, the last part of its key, can be that of a worker, group or access rule.
    func checkName(_ what: String) -> Bool {
        let name = place.path[place.path.count - 1]
        let isPlain = name.utf8.allSatisfy { TOML.isBareKey($0) || $0 == UInt8(ascii: ".") }
        // Names become file names and command line arguments; a leading "." or "-" has a meaning there.
        if name.isEmpty || !isPlain || name.hasPrefix(".") || name.hasPrefix("-") {
            problem(
                "\(TOML.quoted(name)) cannot be the name of \(what)",
                fix: "use letters, digits, \"_\", \"-\" and \".\", and start with none of the last two")
            return false
        }
        if name.utf8.count > 64 {
            problem("the name of \(what) is longer than 64 characters", fix: "shorten it")
            return false
        }
        if name == "all" {
            problem("\"all\" cannot be the name of \(what): to roostctl it means every worker", fix: "choose another")
            return false
        }
        return true
    }
}

/// What other supervisors call things.
enum Vocabulary {
    static let worker = [
        "args": "part of command", "arguments": "part of command", "autorestart": "restart", "cmd": "command",
        "cpu": "limits", "cwd": "directory", "depends_on": "requires", "env": "environment", "exec": "command",
        "exec_start": "command", "exitcodes": "restart.success_codes", "gid": "group", "healthcheck": "health",
        "killasgroup": "stop.scope", "memory": "limits", "numprocs": "instances", "priority": "requires or after",
        "redirect_stderr": "the default: leave log.stderr out", "replicas": "instances",
        "slots": "instances", "startretries": "restart.give_up", "task_timeout": "a key of [pool.NAME]",
        "tasks_per_process": "a key of [pool.NAME]",
        "startsecs": "ready.after", "stderr_logfile": "log.stderr", "stdout_logfile": "log.path",
        "stdout_logfile_backups": "log.keep", "stdout_logfile_maxbytes": "log.rotate_size",
        "stopasgroup": "stop.scope", "stopsignal": "stop.signals", "stopwaitsecs": "stop.signals",
        "uid": "user", "wants": "after", "working_directory": "directory",
    ]
    static let log = [
        "backups": "keep", "file": "path", "filename": "path", "max_size": "rotate_size", "maxbytes": "rotate_size",
        "stdout": "path",
    ]
    static let health = ["command": "exec", "cmd": "exec", "interval": "every", "retries": "failures", "url": "http"]
}
