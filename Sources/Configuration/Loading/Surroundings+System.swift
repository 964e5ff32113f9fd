import Glibc
import Linux

extension Loader {
    /// A loader for this machine: its files, its users, its groups.
    ///
    /// - Parameters:
    ///   - path: the main file, which will be loaded; relative paths of `[daemon]` start at its directory.
    ///   - inspectsFiles: whether executables and directories that do not exist are warned about.
    static func system(
        for path: String, inspectsFiles: Bool = false
    ) -> Loader {
        let surroundings = Surroundings(
            mainDirectory: absolutePath(directoryName(of: path)), userExists: { userExists($0) },
            groupExists: { groupExists($0) }, splitCommand: Surroundings.shellWords,
            finding: inspectsFiles ? { finding($0) } : nil)
        return Loader(surroundings: surroundings, files: .system)
    }

    /// Reads the configuration at `path` on this machine.
    package static func loadPlan(at path: String, inspectsFiles: Bool = false) -> LoadedPlan {
        system(for: path, inspectsFiles: inspectsFiles).load(path)
    }

    private static func absolutePath(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        // Fails when the working directory was removed; then nothing relative to it can be opened either.
        guard let raw = getcwd(nil, 0) else { return path }
        defer { free(raw) }
        let working = String(cString: raw)
        return path == "." ? working : joinedPath(working, path)
    }

    private static func userExists(_ name: String) -> Bool {
        exists { () throws(AccountError) in _ = try Accounts.user(name) }
    }

    private static func groupExists(_ name: String) -> Bool {
        exists { () throws(AccountError) in _ = try Accounts.group(name) }
    }

    /// A lookup that itself failed, as when the directory server is down, is no fault of the configuration. A spawn
    /// looks the name up again, and says so if it still fails.
    private static func exists(_ lookUp: () throws(AccountError) -> Void) -> Bool {
        do throws(AccountError) {
            try lookUp()
            return true
        } catch {
            switch error {
            case .noSuchUser, .noSuchGroup: return false
            case .lookup: return true
            }
        }
    }

    private static func finding(_ path: String) -> Surroundings.Finding {
        var status = stat()
        guard stat(path, &status) == 0 else { return .missing }
        if status.st_mode & S_IFMT == S_IFDIR { return .directory }
        return access(path, X_OK) == 0 ? .executable : .otherFile
    }
}
