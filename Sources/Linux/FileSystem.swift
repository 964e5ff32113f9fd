import CLinux

/// The few operations on paths that a supervisor needs.
package enum FileSystem {
    /// How to open a file. Always close-on-exec and never as the controlling terminal.
    package struct Access: OptionSet, Sendable {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let read = Access(rawValue: O_RDONLY)
        package static let write = Access(rawValue: O_WRONLY)
        package static let readAndWrite = Access(rawValue: O_RDWR)
        package static let append = Access(rawValue: O_APPEND)
        package static let create = Access(rawValue: O_CREAT)
        package static let exclusive = Access(rawValue: O_EXCL)
        package static let truncate = Access(rawValue: O_TRUNC)
        package static let nonblocking = Access(rawValue: O_NONBLOCK)
        /// Fails with `ELOOP` where the path itself is a symbolic link.
        package static let noFollow = Access(rawValue: O_NOFOLLOW)
    }

    package static func open(
        _ path: String, _ access: Access, mode: UInt32 = 0o640
    ) throws(SystemError) -> OwnedDescriptor {
        let raw = try retrying("open", path) {
            unsafe roost_openat(AT_FDCWD, path, access.rawValue | O_CLOEXEC | O_NOCTTY, mode)
        }
        return OwnedDescriptor(adopting: raw)
    }

    /// Whether something is at `path`, or may be: what cannot be looked at is taken to exist.
    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 || roost_errno() != ENOENT
    }

    package static func rename(_ path: String, to newPath: String) throws(SystemError) {
        _ = try retrying("rename \(path) to", newPath) { unsafe CLinux.rename(path, newPath) }
    }

    /// Removes a file that may be gone already.
    package static func remove(_ path: String) throws(SystemError) {
        do {
            _ = try retrying("remove", path) { unsafe unlink(path) }
        } catch  where error.errno == ENOENT {
            return
        }
    }

    package static func setMode(_ mode: UInt32, of path: String) throws(SystemError) {
        _ = try retrying("set the mode of", path) { unsafe chmod(path, mode) }
    }

    /// Gives the file itself away, not what a symbolic link there points to.
    package static func setOwner(uid: UInt32, gid: UInt32, of path: String) throws(SystemError) {
        _ = try retrying("give away", path) { unsafe lchown(path, uid, gid) }
    }

    /// Creates the directory and whatever is missing above it.
    package static func createDirectories(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        do {
            _ = try retrying("create the directory", path) { unsafe mkdir(path, mode) }
        } catch {
            switch error.errno {
            case EEXIST:
                return
            case ENOENT:
                guard let parent = parent(of: path), parent != path else { throw error }
                try createDirectories(parent, mode: mode)
                try createDirectories(path, mode: mode)
            case _:
                throw error
            }
        }
    }

    /// The directory part of a path; nil for a bare name.
    package static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension OwnedDescriptor {
    /// Puts the position of a file at its end.
    package borrowing func seekToEnd() throws(SystemError) {
        guard lseek(raw, 0, SEEK_END) >= 0 else { throw .last("seek in a file") }
    }

    /// Cuts a file off, and leaves the position where it was.
    package borrowing func truncate(to length: Int64) throws(SystemError) {
        let raw = self.raw
        _ = try retrying("truncate a file") { ftruncate(raw, off_t(length)) }
    }
}
