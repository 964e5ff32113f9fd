import CLinux

/// Which file something is, whatever its name: two that are equal at one time are the same file.
package struct FileIdentity: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case file, directory, socket, other
    }

    package let device: UInt64
    package let inode: UInt64
    package let kind: Kind

    /// What is at `path`, without following a symbolic link there; nil when there is nothing.
    package init?(at path: String) throws(SystemError) {
        var status = stat()
        do {
            _ = try retrying("look at", path) { unsafe lstat(path, &status) }
        } catch  where error.errno == ENOENT || error.errno == ENOTDIR {
            return nil
        }
        self.init(status)
    }

    package init(of descriptor: borrowing OwnedDescriptor) throws(SystemError) {
        let raw = descriptor.raw
        var status = stat()
        _ = try retrying("look at a descriptor") { unsafe fstat(raw, &status) }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        switch Int32(bitPattern: status.st_mode) & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .directory
        case S_IFSOCK: kind = .socket
        case _: kind = .other
        }
    }
}
