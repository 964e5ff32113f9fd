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
    /// What roostd has under this name now. Quietly nothing when it cannot be asked.
    static let instanceNames = CompletionKind.custom { words, _, prefix in
        InstanceNames.known(socketPath: InstanceNames.socketPath(in: words)).filter { $0.hasPrefix(prefix) }
    }
}

/// The names to complete.
enum InstanceNames {
    /// Workers and their instances, in plan order, then `all`.
    static func known(socketPath: String) -> [String] {
        guard var client = try? ControlClient(path: socketPath),
            let status = try? client.call(.status(names: []), StatusResult.self, interrupts: nil)
        else { return [] }
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
