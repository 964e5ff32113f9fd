import CLinux
import Linux

extension Command.Credentials {
    /// The ids behind names, or numbers in decimal, of the account database. May ask the network (LDAP), and block.
    ///
    /// - Parameters:
    ///   - user: nil for the user of this process.
    ///   - group: the primary group; nil for the user's own.
    ///   - supplementaryGroups: nil for those that the database puts the user into; an empty array for none at all.
    /// - Throws: `SpawnError` with the step `account` for a name that does not exist.
    public init(
        user: String? = nil, group: String? = nil, supplementaryGroups: [String]? = nil
    ) throws(SpawnError) {
        do throws(AccountError) {
            let account = try Accounts.user(user ?? "\(geteuid())")
            let primary = try group.map(Command.Credentials.number) ?? account.gid
            let others =
                if let supplementaryGroups {
                    try supplementaryGroups.map(Command.Credentials.number)
                } else {
                    try Accounts.groups(of: account, primary: primary)
                }
            self.init(user: account.uid, group: primary, supplementaryGroups: others)
        } catch {
            throw SpawnError(error)
        }
    }

    private static func number(ofGroup name: String) throws(AccountError) -> UInt32 { try Accounts.group(name).gid }
}

extension SpawnError {
    fileprivate init(_ error: AccountError) {
        switch error {
        case .noSuchUser(let name): self.init(.account, "the user \(name)", errno: ENOENT)
        case .noSuchGroup(let name): self.init(.account, "the group \(name)", errno: ENOENT)
        case .lookup(let error): self.init(.account, error.subject, errno: error.errno)
        }
    }
}
