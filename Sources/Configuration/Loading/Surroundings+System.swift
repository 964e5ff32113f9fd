import Glibc
import Linux

extension Loader {
    /// A loader for this machine: its files, its users, its groups.
    ///
    /// - Parameters:
    ///   - path: the main file, which will be loaded; relative paths of `[daemon]` start at its directory.
    ///   - inspectsFiles: whether executables and directories that do not exist are warned about.
    package static func system(
        for path: String, inspectsFiles: Bool = false,
        splitCommand: @escaping (String) -> Surroundings.SplitCommand
    ) -> Loader {
        let surroundings = Surroundings(
            mainDirectory: absolutePath(directoryName(of: path)), userExists: { userExists($0) },
            groupExists: { groupExists($0) }, splitCommand: splitCommand,
            finding: inspectsFiles ? { finding($0) } : nil)
        return Loader(surroundings: surroundings, files: .system)
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
        errno = 0
        return getpwnam(name) != nil || isUndecided(errno)
    }

    private static func groupExists(_ name: String) -> Bool {
        errno = 0
        return getgrnam(name) != nil || isUndecided(errno)
    }

    /// Whether the lookup itself failed, as when the directory server is down. That is no fault of the
    /// configuration; a spawn looks the name up again, and says so if it still fails. The errnos that mean "no such
    /// name" are those of getpwnam(3).
    private static func isUndecided(_ code: Int32) -> Bool {
        ![0, ENOENT, ESRCH, EBADF, EPERM].contains(code)
    }

    private static func finding(_ path: String) -> Surroundings.Finding {
        var status = stat()
        guard stat(path, &status) == 0 else { return .missing }
        if status.st_mode & S_IFMT == S_IFDIR { return .directory }
        return access(path, X_OK) == 0 ? .executable : .otherFile
    }
}
