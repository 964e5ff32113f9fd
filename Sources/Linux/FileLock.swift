import CLinux

/// An exclusive lock on a file, held until its owner is gone, however it goes.
package struct FileLock: ~Copyable {
    private let descriptor: OwnedDescriptor

    /// Takes the lock, creating the file if there is none.
    ///
    /// - Returns: nil when another process holds it.
    package static func acquire(_ path: String, mode: UInt32 = 0o600) throws(SystemError) -> FileLock? {
        let raw = try retrying("open the lock file", path) {
            unsafe roost_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode)
        }
        let descriptor = OwnedDescriptor(adopting: raw)
        do {
            _ = try retrying("lock", path) { flock(raw, LOCK_EX | LOCK_NB) }
        } catch  where error.errno == EWOULDBLOCK {
            return nil
        }
        return FileLock(descriptor: descriptor)
    }

    /// Writes who holds it, for others to read. What the file said before is gone.
    package borrowing func sign(_ text: String) throws(SystemError) {
        let raw = descriptor.raw
        _ = try retrying("empty the lock file") { ftruncate(raw, 0) }
        _ = try descriptor.write(Array(text.utf8)[...])
    }

    /// Which file it is, to find out whether it is still the one at its path.
    package borrowing func identity() throws(SystemError) -> FileIdentity {
        try FileIdentity(of: descriptor)
    }

    private init(descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }
}
