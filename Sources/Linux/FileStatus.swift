import CLinux

/// What the kernel says about a file.
package struct FileStatus: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case regular, directory, pipe, socket, characterDevice, other
    }

    package let kind: Kind
    /// The lower twelve bits of the mode.
    package let permissions: UInt32
    /// The user whose file it is.
    package let owner: UInt32
    package let device: UInt64
    package let inode: UInt64
    package let size: Int64
    /// 0 for a file that was deleted while somebody has it open.
    package let links: UInt64

    fileprivate init(_ status: stat) {
        kind =
            switch Int32(status.st_mode) & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            case S_IFCHR: .characterDevice
            case _: .other
            }
        permissions = UInt32(status.st_mode) & 0o7777
        owner = status.st_uid
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        links = UInt64(status.st_nlink)
    }

    /// The status of what is at `path`; nil when there is nothing.
    ///
    /// - Parameter followingLinks: whether a symbolic link there stands for what it leads to.
    package init?(path: String, followingLinks: Bool = true) throws(SystemError) {
        var status = stat()
        let flags = followingLinks ? 0 : AT_SYMLINK_NOFOLLOW
        do {
            _ = try retrying("look at", path) { unsafe fstatat(AT_FDCWD, path, &status, flags) }
        } catch  where error.errno == ENOENT || error.errno == ENOTDIR {
            return nil
        }
        self.init(status)
    }

    package init(of descriptor: borrowing OwnedDescriptor) throws(SystemError) {
        let raw = descriptor.raw
        var status = stat()
        _ = try retrying("look at an open file") { unsafe fstat(raw, &status) }
        self.init(status)
    }
}
