package import SupervisorCore

/// Who is at the other end of a connection, as the kernel says.
package struct Peer: Equatable, Sendable {
    package var user: UInt32
    /// The primary group and the supplementary ones.
    package var groups: [UInt32]
    package var pid: Int32

    package init(user: UInt32, groups: [UInt32], pid: Int32) {
        self.user = user
        self.groups = groups
        self.pid = pid
    }
}

/// Decides who may do what: root and the daemon's user everything, others what the rules of `[access]` give them.
package struct Access: Equatable, Sendable {
    /// A rule of `[access]` whose user and group have been looked up.
    package struct Grant: Equatable, Sendable {
        package var user: UInt32?
        package var group: UInt32?
        package var verbs: [String]
        package var workers: [String]

        /// Nil for a user or group that the rule does not have, or that does not exist.
        package init(_ rule: AccessRule, user: UInt32?, group: UInt32?) {
            self.user = user
            self.group = group
            verbs = rule.verbs
            workers = rule.workers
        }
    }

    package var daemonUser: UInt32
    package var grants: [Grant]

    package init(daemonUser: UInt32, grants: [Grant]) {
        self.daemonUser = daemonUser
        self.grants = grants
    }

    /// Whether the peer may do this to the worker. Nil means all of them at once, and needs a rule for `*`.
    package func permits(_ peer: Peer, _ method: Command.Method, worker: String?) -> Bool {
        if peer.user == 0 || peer.user == daemonUser { return true }
        guard let verb = Access.verb(of: method) else { return true }
        return grants.contains { grant in
            let isMeant = grant.user == peer.user || grant.group.map(peer.groups.contains) == true
            guard isMeant, grant.verbs.contains(where: { Pattern($0).matches(verb) }) else { return false }
            return grant.workers.contains { pattern in
                worker.map(Pattern(pattern).matches) ?? (pattern == "*")
            }
        }
    }

    /// Nil when the peer may do this to all of the workers, else what it lacks. No workers at all: the whole daemon.
    package func refusal(_ peer: Peer, _ method: Command.Method, workers: [String]) -> ControlError? {
        let denied: String?
        if workers.isEmpty {
            if permits(peer, method, worker: nil) { return nil }
            denied = nil
        } else {
            guard let worker = workers.first(where: { !permits(peer, method, worker: $0) }) else { return nil }
            denied = worker
        }
        let verb = Access.verb(of: method) ?? method.rawValue
        let object = denied.map { " for worker \"\($0)\"" } ?? ""
        return ControlError(
            .notPermitted,
            """
            cannot permit "\(verb)"\(object): no rule of [access] gives it to user \(peer.user) or one of its groups; \
            let an administrator add verbs = ["\(verb)"], workers = ["\(denied ?? "*")"] there
            """)
    }

    /// The word of `[access]` for a method: what roostctl calls it. Nil for what anybody may do who can connect.
    package static func verb(of method: Command.Method) -> String? {
        switch method {
        case .version, .unsubscribe: nil
        case .subscribe: "events"
        case .status, .start, .stop, .restart, .signal, .scale, .clear, .plan, .apply, .logs, .why, .call, .shutdown,
            .submit, .tasks, .wait, .result, .cancel, .retry, .pause, .resume:
            method.rawValue
        }
    }
}
