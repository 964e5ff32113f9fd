package import SupervisorCore

/// The answer to `plan`: what `apply` would do. With an error among the problems it would do nothing.
package struct PlanResult: Codable, Equatable, Sendable {
    package var changes: [PlanChange]
    package var problems: [ProblemReport]

    package init(changes: [PlanChange], problems: [ProblemReport]) {
        self.changes = changes
        self.problems = problems
    }
}

/// The answer to `apply`: what was changed, and what became of the instances.
package struct ApplyResult: Codable, Equatable, Sendable {
    package var changes: [PlanChange]
    package var outcomes: [InstanceOutcome]
    /// Warnings only; errors refuse the request.
    package var problems: [ProblemReport]

    package init(changes: [PlanChange], outcomes: [InstanceOutcome], problems: [ProblemReport] = []) {
        self.changes = changes
        self.outcomes = outcomes
        self.problems = problems
    }
}

/// One difference between the plan in force and the configuration.
package struct PlanChange: Codable, Equatable, Sendable {
    package enum Action: String, Codable, Sendable, CaseIterable {
        case add, remove, restart, update, scale, daemon, access
        case addGroup = "add_group"
        case removeGroup = "remove_group"
        case updateGroup = "update_group"
        case addQueue = "add_queue"
        case removeQueue = "remove_queue"
        case updateQueue = "update_queue"
    }

    package var action: Action
    /// The worker, group or queue; absent for `daemon` and `access`.
    package var target: String?
    package var keys: [String]?
    /// Keys of `[daemon]` that changed and take effect only when roostd is restarted.
    package var afterRestart: [String]?
    package var from: Int?
    package var to: Int?
    package var message: String

    package init(_ change: PlanDifference.Change) {
        switch change {
        case .add(let worker, let instances):
            self.init(.add, worker, "\(worker) is new, with \(instances) instance\(instances == 1 ? "" : "s")")
            to = instances
        case .remove(let worker):
            self.init(.remove, worker, "\(worker) is gone; its instances are stopped")
        case .restart(let worker, let keys):
            self.init(.restart, worker, keys: keys, "\(worker) is restarted, for \(PlanChange.list(keys)) changed")
        case .update(let worker, let keys):
            self.init(
                .update, worker, keys: keys, "\(PlanChange.list(keys)) of \(worker) changed; nothing is restarted")
        case .scale(let worker, let from, let to):
            self.init(.scale, worker, "\(worker) goes from \(from) to \(to) instances")
            self.from = from
            self.to = to
        case .addGroup(let group):
            self.init(.addGroup, group, "group \(group) is new")
        case .removeGroup(let group):
            self.init(.removeGroup, group, "group \(group) is gone; its members are not touched")
        case .updateGroup(let group):
            self.init(.updateGroup, group, "group \(group) changed")
        case .addQueue(let queue, let slots):
            self.init(.addQueue, queue, "queue \(queue) is new, with \(slots) slot\(slots == 1 ? "" : "s")")
            to = slots
        case .removeQueue(let queue, let unfinished):
            let rest = unfinished == 0 ? "" : "; what runs is let finish, what waits stays until it comes back"
            self.init(.removeQueue, queue, "queue \(queue) is gone, with \(unfinished) unfinished tasks\(rest)")
            from = unfinished
        case .updateQueue(let queue, let keys):
            self.init(
                .updateQueue, queue, keys: keys,
                "\(PlanChange.list(keys)) of queue \(queue) changed, from the next task on")
        case .daemon(let keys, let afterRestart):
            let hint =
                afterRestart.isEmpty ? "" : "; restart roostd for \(PlanChange.list(afterRestart)) to take effect"
            self.init(.daemon, nil, keys: keys, "\(PlanChange.list(keys + afterRestart)) of [daemon] changed\(hint)")
            self.afterRestart = afterRestart.isEmpty ? nil : afterRestart
        case .access:
            self.init(.access, nil, "the rules of [access] changed")
        }
    }

    private init(_ action: Action, _ target: String?, keys: [String]? = nil, _ message: String) {
        self.action = action
        self.target = target
        self.keys = keys
        self.message = message
    }

    private static func list(_ keys: [String]) -> String { keys.joined(separator: ", ") }

    private enum CodingKeys: String, CodingKey {
        case action, target, keys, from, to, message
        case afterRestart = "after_restart"
    }
}
