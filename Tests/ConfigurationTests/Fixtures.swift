import Configuration
import Foundation
import SupervisorCore

/// A machine with a few users, and files that exist only here.
struct Fixture {
    var files: [String: [UInt8]]
    var finding: ((String) -> Surroundings.Finding)?

    init(_ text: String, files: [String: String] = [:]) {
        self.files = files.mapValues { Array($0.utf8) }
        self.files["roost.toml"] = Array(text.utf8)
    }

    static let users = ["root", "www-data", "deploy"]
    static let groups = ["root", "www-data", "adm"]

    func load(_ path: String = "roost.toml") -> LoadedPlan {
        let files = files
        let access = FileAccess(
            read: { path in
                guard let bytes = files[path] else {
                    return .failure(.init(message: "cannot open \(path): No such file or directory"))
                }
                return .success(.init(bytes: bytes, identity: path))
            },
            matches: { directory, pattern, _ in
                let full = directory == "." ? pattern : "\(directory)/\(pattern)"
                let parts = full.components(separatedBy: "*")
                let found = files.keys.filter { $0.hasPrefix(parts[0]) && $0.hasSuffix(parts[parts.count - 1]) }
                return .success(found.sorted())
            })
        return Loader(surroundings: Fixture.surroundings(finding: finding), files: access).load(path)
    }

    static func surroundings(finding: ((String) -> Surroundings.Finding)? = nil) -> Surroundings {
        Surroundings(
            mainDirectory: "/etc/roost", userExists: users.contains, groupExists: groups.contains,
            splitCommand: Surroundings.shellWords, finding: finding)
    }
}

/// What is wrong with a text, one line each.
func problems(_ text: String) -> [String] { Fixture(text).load().problems.map(\.description) }

/// The plan of a text that is fine.
func plan(_ text: String) -> Plan? { Fixture(text).load().plan }

/// The only worker of a text that is fine; `body` is what its table holds besides the command.
func worker(_ body: String) -> WorkerDefinition? {
    plan("[worker.web]\ncommand = [\"serve\"]\n\(body)")?.workers.first
}
