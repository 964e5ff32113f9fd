package import Linux

extension SpawnRequest.Credentials {
    /// The ids of a user, with the user's supplementary groups.
    ///
    /// - Parameter group: the primary group instead of the user's own.
    package init(of user: UserAccount, group: GroupAccount? = nil) throws(AccountError) {
        let primary = group?.gid ?? user.gid
        self.init(
            user: user.uid, group: primary,
            supplementaryGroups: try Accounts.groups(of: user, primary: primary))
    }
}
