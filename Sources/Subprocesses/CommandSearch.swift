import CLinux

/// Finds the file that a command name means, as a shell in the child would.
struct CommandSearch {
    /// Where to look when the child has no `PATH`.
    static let defaultPath = "/usr/local/bin:/usr/bin:/bin"

    private let name: String
    private let searchPath: String
    /// The child's directory, from which relative entries of `PATH` count.
    private let directory: String?

    init(_ command: Command) {
        name = command.executable ?? command.arguments[0]
        directory = command.directory
        // A path says it all, and reading the environment is the dearer part.
        searchPath = name.contains("/") ? "" : command.environment.value(of: "PATH") ?? CommandSearch.defaultPath
    }

    func path() throws(SpawnError) -> String {
        if name.contains("/") { return name }
        var forbidden: String?
        for entry in searchPath.split(separator: ":", omittingEmptySubsequences: false) {
            // An empty entry has always meant the working directory. "./" keeps the name from being searched again.
            let candidate = "\(entry.isEmpty ? "." : entry)/\(name)"
            let seen = directory.map { candidate.hasPrefix("/") ? candidate : "\($0)/\(candidate)" } ?? candidate
            guard isFile(seen) else { continue }
            if unsafe faccessat(AT_FDCWD, seen, X_OK, AT_EACCESS) == 0 { return candidate }
            forbidden = forbidden ?? candidate
        }
        if let forbidden { throw SpawnError(.execute, forbidden, errno: EACCES) }
        throw SpawnError(.search, "\(name) in \(searchPath)", errno: ENOENT)
    }

    private func isFile(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG)
    }
}
