import CLinux

/// The children that this process did not start but inherits: as PID 1, or as a child subreaper.
///
/// Looking and collecting are two steps, so that the owner of a `ProcessDescriptor` can be told about its own child
/// instead of finding it gone.
package enum Orphans {
    /// Makes this process the new parent of every descendant whose parent dies.
    ///
    /// A SIGCHLD that whoever started this process ignores stays ignored over exec, and then the kernel throws the exit
    /// statuses of all children away: so it gets its default disposition back.
    package static func adopt() throws(SystemError) {
        // All zero is the default disposition.
        var byDefault = sigaction()
        _ = try retrying("reset SIGCHLD") { unsafe sigaction(SIGCHLD, &byDefault, nil) }
        _ = try retrying("become a child subreaper") { roost_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }
    }

    /// The pid of one child that has ended and waits to be collected; it keeps that pid until it is.
    ///
    /// The kernel names the same one again until it is collected.
    package static func nextEnded() throws(SystemError) -> Int32? {
        do {
            return try collectExit(P_ALL, 0, options: WEXITED | WNOHANG | WNOWAIT)?.pid
        } catch  where error.errno == ECHILD {
            return nil
        } catch {
            throw error
        }
    }

    /// Collects the child `pid`, which `nextEnded()` named; nil if it has not ended.
    package static func reap(pid: Int32) throws(SystemError) -> ProcessExit? {
        precondition(pid > 0, "0 and below mean groups of processes")
        return try collectExit(P_PID, id_t(pid), options: WEXITED | WNOHANG)?.exit
    }
}
