import SupervisorCore

extension Field {
    /// `[daemon]`
    func daemonSettings() -> DaemonSettings? {
        table { daemon in
            var settings = DaemonSettings()
            daemon.set(&settings.socket, "socket") { $0.socketPath() }
            daemon.set(&settings.socketMode, "socket_mode") { $0.mode() }
            daemon.set(&settings.socketGroup, "socket_group") { $0.accountGroup() }
            daemon.set(&settings.logDirectory, "log_directory") { $0.pathBesideConfiguration() }
            daemon.set(&settings.stateDirectory, "state_directory") { $0.pathBesideConfiguration() }
            daemon.set(&settings.runtimeDirectory, "runtime_directory") { $0.pathBesideConfiguration() }
            daemon.set(&settings.parallelStarts, "parallel_starts") { $0.integer(in: 1...10_000) }
            daemon.set(&settings.cgroup, "cgroup") { $0.cgroup() }
            daemon.set(&settings.logLevel, "log_level") { $0.choice() }
            // Followed before any decoding, by whoever read the file.
            _ = daemon.field("include")
            return settings
        }
    }

    /// A path of the daemon's own. A relative one starts at the directory of the main file.
    private func pathBesideConfiguration() -> String? {
        guard let path = string("a path") else { return nil }
        if path.hasPrefix("~") {
            problem("\(TOML.quoted(path)) is not a path", fix: "write the home directory out, ~ is not expanded")
            return nil
        }
        return joinedPath(context.surroundings.mainDirectory, path)
    }

    private func socketPath() -> String? {
        guard let path = pathBesideConfiguration() else { return nil }
        // sockaddr_un has room for 108 bytes, the last of which is a NUL.
        guard path.utf8.count <= 107 else {
            problem("\(path) is too long for a socket, by \(path.utf8.count - 107) bytes", fix: "use a shorter path")
            return nil
        }
        return path
    }

    private func cgroup() -> CgroupChoice? {
        guard let text = string("\"auto\", \"none\" or a path") else { return nil }
        switch text {
        case "auto": return .automatic
        case "none": return CgroupChoice.none
        default: break
        }
        if text.hasPrefix("/") { return .path(text) }
        let nearest = nearestName(to: text, among: ["auto", "none"])
        problem(
            "\(TOML.quoted(text)) is neither \"auto\" nor \"none\" nor an absolute path",
            fix: nearest.map { "did you mean \"\($0)\"?" } ?? "use one of them")
        return nil
    }
}

/// `path`, which starts at `directory` unless it is absolute.
func joinedPath(_ directory: String, _ path: String) -> String {
    if path.hasPrefix("/") { return path }
    let plain = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    return directory == "." ? plain : directory.hasSuffix("/") ? directory + plain : "\(directory)/\(plain)"
}
