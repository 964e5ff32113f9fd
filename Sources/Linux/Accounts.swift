import CLinux

/// A user of the account database.
package struct UserAccount: Hashable, Sendable {
    package let name: String
    package let uid: UInt32
    /// The primary group.
    package let gid: UInt32
    package let home: String
    package let shell: String
}

/// A group of the account database.
package struct GroupAccount: Hashable, Sendable {
    package let name: String
    package let gid: UInt32
}

/// Why an account could not be had.
package enum AccountError: Error, Hashable, Sendable, CustomStringConvertible {
    case noSuchUser(String)
    case noSuchGroup(String)
    case lookup(SystemError)

    package var description: String {
        switch self {
        case .noSuchUser(let name): "cannot find the user \(name): create it, or name another one"
        case .noSuchGroup(let name): "cannot find the group \(name): create it, or name another one"
        case .lookup(let error): error.description
        }
    }
}

/// Look-ups in the account database, by name or by number.
///
/// They may ask the network (LDAP) and block; nothing here may be called between clone and exec.
package enum Accounts {
    /// The largest record that is accepted: a group with many thousand members.
    private static let recordLimit = 1 << 20
    /// What the kernel itself allows (NGROUPS_MAX).
    private static let groupLimit: Int32 = 65536

    package static func user(_ nameOrNumber: String) throws(AccountError) -> UserAccount {
        var found: UserAccount?
        try unsafe record(of: "the user \(nameOrNumber)") { buffer in
            var entry = unsafe passwd()
            var answer: UnsafeMutablePointer<passwd>?
            let code: Int32
            if let uid = number(nameOrNumber) {
                code = unsafe getpwuid_r(uid, &entry, buffer.baseAddress!, buffer.count, &answer)
            } else {
                code = unsafe getpwnam_r(nameOrNumber, &entry, buffer.baseAddress!, buffer.count, &answer)
            }
            if unsafe answer != nil {
                found = unsafe UserAccount(
                    name: String(cString: entry.pw_name), uid: entry.pw_uid, gid: entry.pw_gid,
                    home: String(cString: entry.pw_dir), shell: String(cString: entry.pw_shell))
            }
            return code
        }
        guard let found else { throw .noSuchUser(nameOrNumber) }
        return found
    }

    package static func group(_ nameOrNumber: String) throws(AccountError) -> GroupAccount {
        var found: GroupAccount?
        try unsafe record(of: "the group \(nameOrNumber)") { buffer in
            var entry = unsafe group_entry()
            var answer: UnsafeMutablePointer<group_entry>?
            let code: Int32
            if let gid = number(nameOrNumber) {
                code = unsafe getgrgid_r(gid, &entry, buffer.baseAddress!, buffer.count, &answer)
            } else {
                code = unsafe getgrnam_r(nameOrNumber, &entry, buffer.baseAddress!, buffer.count, &answer)
            }
            if unsafe answer != nil {
                found = unsafe GroupAccount(name: String(cString: entry.gr_name), gid: entry.gr_gid)
            }
            return code
        }
        guard let found else { throw .noSuchGroup(nameOrNumber) }
        return found
    }

    /// The groups that the user is in, with `primary` (the user's own, or the one configured instead) among them.
    package static func groups(of user: UserAccount, primary: UInt32) throws(AccountError) -> [UInt32] {
        var room: Int32 = 64
        while room <= groupLimit {
            var count = room
            var groups = [gid_t](repeating: 0, count: Int(room))
            if unsafe getgrouplist(user.name, primary, &groups, &count) >= 0 { return Array(groups.prefix(Int(count))) }
            room = max(room * 2, count)
        }
        throw .lookup(SystemError("list the groups of the user", user.name, errno: E2BIG))
    }

    // MARK: - How it asks

    /// A number in plain decimal. The highest one means "no change" to the kernel and is nobody's.
    private static func number(_ text: String) -> UInt32? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        guard let number = UInt32(text), number != .max else { return nil }
        return number
    }

    /// Calls `ask` with a growing buffer until the record fits. Not finding one is not an error here.
    private static func record(
        of subject: String, _ ask: (UnsafeMutableBufferPointer<CChar>) -> Int32
    ) throws(AccountError) {
        var size = 1024
        while true {
            let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: size)
            defer { unsafe buffer.deallocate() }
            switch unsafe ask(buffer) {
            case 0, ENOENT, ESRCH: return
            case EINTR: continue
            case ERANGE where size < recordLimit: size *= 2
            case let code: throw .lookup(SystemError("look up", subject, errno: code))
            }
        }
    }
}
