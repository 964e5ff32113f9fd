import CLinux

/// How many descriptors this process may have open.
package struct OpenFileLimit: Hashable, Sendable {
    package let soft: UInt64
    package let hard: UInt64

    package static func current() throws(SystemError) -> OpenFileLimit {
        var limit = rlimit()
        _ = try retrying("read the limit of open files") {
            unsafe getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
        }
        return OpenFileLimit(soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
    }

    /// Raises the soft limit to the hard one, which needs no privilege.
    ///
    /// - Returns: the limit before. Children should get that one back: programs that use `select` or close
    ///   every possible descriptor suffer from a high soft limit.
    package static func raise() throws(SystemError) -> OpenFileLimit {
        let before = try current()
        var raised = rlimit(rlim_cur: rlim_t(before.hard), rlim_max: rlim_t(before.hard))
        _ = try retrying("raise the limit of open files") {
            unsafe setrlimit(Int32(RLIMIT_NOFILE.rawValue), &raised)
        }
        return before
    }
}
