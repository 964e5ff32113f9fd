import CLinux
import Linux

/// A file without a name, in memory, of which the kernel guarantees what its seals say. All that comes from other
/// processes and is mapped goes through here.
enum SealedFile {
    /// What others cannot do with a file any more.
    struct Seals: OptionSet {
        let rawValue: Int32
        /// Cut it off, so that who has mapped it is killed (SIGBUS).
        static let size = Seals(rawValue: F_SEAL_SHRINK)
        /// Change it in any way.
        static let contents = Seals(rawValue: Int32(roost_all_seals))
    }

    struct Extent {
        let size: Int
        /// How much of it is memory that somebody has given.
        let given: Int
    }

    /// How large a file is; nil if it has not these seals, or is empty.
    static func extent(of file: borrowing OwnedDescriptor, requiring seals: Seals) -> Extent? {
        let raw = file.raw
        let found = roost_fcntl(raw, F_GET_SEALS, 0)
        // -1, in which all bits are set, of every file that cannot be sealed. Of a file that somebody else's file
        // system serves, nothing else is asked.
        guard found >= 0, found & seals.rawValue == seals.rawValue else { return nil }
        var status = stat()
        guard unsafe fstat(raw, &status) == 0, status.st_size > 0 else { return nil }
        return Extent(size: Int(status.st_size), given: Int(status.st_blocks) * 512)
    }
}
