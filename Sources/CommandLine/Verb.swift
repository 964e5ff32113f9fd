import ArgumentParser
import ControlProtocol

/// A subcommand of roostctl.
protocol Verb: ParsableCommand {
    var options: GlobalOptions { get }

    func run(in session: Session) throws(Failure)
}

extension ArgumentHelp {
    /// For the NAME of most verbs.
    static let names: ArgumentHelp = "Workers (web), instances (web:0, web:*), groups (@site, site:*), or all."
}

extension WaitOptions {
    var command: Command.Wait { wait ? .untilDone(timeout: timeout.map { .seconds($0) }) : .no }
}

extension CompletionKind {
    // What roostd has under this name now. Quietly nothing when it cannot be asked.

    static let instanceNames = CompletionKind.custom { words, _, prefix in
        KnownNames.instances(socketPath: KnownNames.socketPath(in: words)).filter { $0.hasPrefix(prefix) }
    }

    /// Instances and queues.
    static let allNames = CompletionKind.custom { words, _, prefix in
        KnownNames.all(socketPath: KnownNames.socketPath(in: words)).filter { $0.hasPrefix(prefix) }
    }

    static let queueNames = CompletionKind.custom { words, _, prefix in
        KnownNames.queues(socketPath: KnownNames.socketPath(in: words)).filter { $0.hasPrefix(prefix) }
    }

    /// Those of the newest tasks.
    static let taskNumbers = CompletionKind.custom { words, _, prefix in
        KnownNames.tasks(socketPath: KnownNames.socketPath(in: words)).filter { $0.hasPrefix(prefix) }
    }

    /// Instances and tasks.
    static let outputNames = CompletionKind.custom { words, _, prefix in
        let path = KnownNames.socketPath(in: words)
        return (KnownNames.instances(socketPath: path) + KnownNames.tasks(socketPath: path)).filter {
            $0.hasPrefix(prefix)
        }
    }
}

/// The names to complete.
enum KnownNames {
    private static let taskLimit = 100

    /// Workers and their instances, in plan order, then `all`.
    static func instances(socketPath: String) -> [String] { instances(of: status(socketPath)) }

    /// Queues, then `all`.
    static func queues(socketPath: String) -> [String] {
        let names = status(socketPath)?.queues?.map(\.name) ?? []
        return names.isEmpty ? [] : names + ["all"]
    }

    /// Instances and queues.
    static func all(socketPath: String) -> [String] {
        let status = status(socketPath)
        let queues = status?.queues?.map(\.name) ?? []
        return instances(of: status).dropLast() + queues + (status == nil ? [] : ["all"])
    }

    /// The numbers of tasks, the newest first.
    static func tasks(socketPath: String) -> [String] {
        var query = TaskQuery()
        query.limit = taskLimit
        guard var client = try? ControlClient(path: socketPath),
            let result = try? client.call(.task(.list(query)), TasksResult.self, interrupts: nil)
        else { return [] }
        return result.tasks.reversed().map { "\($0.id)" }
    }

    private static func status(_ socketPath: String) -> StatusResult? {
        guard var client = try? ControlClient(path: socketPath) else { return nil }
        return try? client.call(.status(names: []), StatusResult.self, interrupts: nil)
    }

    private static func instances(of status: StatusResult?) -> [String] {
        guard let status else { return [] }
        var names: [String] = []
        for instance in status.instances {
            if names.last?.split(separator: ":").first.map(String.init) != instance.worker {
                names.append(instance.worker)
            }
            names.append(instance.name)
        }
        return names + ["all"]
    }

    /// The socket that the line being completed names, or the usual one.
    static func socketPath(in words: [String]) -> String {
        var options = GlobalOptions()
        options.json = false
        options.socket = nil
        if let index = words.firstIndex(of: "--socket"), index + 1 < words.count { options.socket = words[index + 1] }
        return options.socketPath
    }
}
