import CLinux

/// The few calls about a file's place and owner that the daemon makes.
package enum FilePlaces {
    /// Creates the directory and those above it that are missing. It is fine if all are there.
    package static func makeDirectories(_ path: String, mode: UInt32) throws(SystemError) {
        var current = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            current += "/\(part)"
            do {
                _ = try retrying("create the directory", current) { unsafe mkdir(current, mode) }
            } catch  where error.errno == EEXIST {
                continue
            } catch  where error.errno == EROFS || error.errno == EACCES {
                // A directory that is there already may be one in which nothing can be made.
                guard try FileIdentity(at: current) != nil else { throw error }
            }
        }
    }

    /// Removes a file that is no directory. It is fine if there is none.
    package static func remove(_ path: String) throws(SystemError) {
        do {
            _ = try retrying("remove", path) { unsafe unlink(path) }
        } catch  where error.errno == ENOENT {}
    }

    package static func setMode(_ path: String, _ mode: UInt32) throws(SystemError) {
        _ = try retrying("set the mode of", path) { unsafe chmod(path, mode) }
    }

    /// Gives the file itself, not what a symbolic link there points to, to a group.
    package static func setGroup(_ path: String, _ group: UInt32) throws(SystemError) {
        _ = try retrying("set the group of", path) { unsafe lchown(path, uid_t.max, group) }
    }
}
