/// Which file something is, whatever its name: two that are equal at one time are the same file.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
    package let kind: FileStatus.Kind

    /// What is at `path`, without following a symbolic link there; nil when there is nothing.
    package init?(at path: String) throws(SystemError) {
        guard let status = try FileStatus(path: path, followingLinks: false) else { return nil }
        self.init(status)
    }

    package init(of descriptor: borrowing OwnedDescriptor) throws(SystemError) {
        self.init(try FileStatus(of: descriptor))
    }

    private init(_ status: FileStatus) {
        device = status.device
        inode = status.inode
        kind = status.kind
    }
}
