import Glibc
import Linux
import SupervisorCore

/// Where the notify sockets of all runs are: others may enter it, and only roostd may change what is in it.
struct NotifyDirectory {
    let path: String

    /// Makes sure that it is there and as it should be, whatever the umask is and whoever made it.
    ///
    /// - Throws: `SpawnFailure` if it is somebody else's, who could put other sockets in the place of ours.
    func establish() throws {
        try FileSystem.createDirectories(path, mode: 0o755)
        guard let status = try FileStatus(path: path) else { return }
        if geteuid() == 0, status.owner != 0 {
            throw SpawnFailure(
                errno: EPERM,
                message: "cannot make a notify socket in \(path): it belongs to the user \(status.owner); "
                    + "remove it, or set another runtime directory")
        }
        if status.permissions != 0o755 { try FileSystem.setMode(0o755, of: path) }
    }

    func socketPath(of run: RunID) -> String { "\(path)/\(run)" }
}
