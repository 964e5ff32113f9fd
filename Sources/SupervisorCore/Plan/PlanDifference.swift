/// What `apply` would do, in plan order: the changes between two plans.
package struct PlanDifference: Equatable, Sendable {
    package enum Change: Equatable, Sendable {
        case add(worker: String)
        case remove(worker: String)
        /// These keys changed and a run has them from its start on: its instances are restarted.
        case restart(worker: String, keys: [String])
        /// These keys changed and take effect without touching a process.
        case update(worker: String, keys: [String])
        case scale(worker: String, from: Int, to: Int)
        case addGroup(String)
        case removeGroup(String)
        case updateGroup(String, keys: [String])
        /// These keys of `[daemon]` changed; those in `afterRestart` need a restart of roostd.
        case daemon(keys: [String], afterRestart: [String])
        case access
    }

    package var changes: [Change]

    package var isEmpty: Bool { changes.isEmpty }
}
