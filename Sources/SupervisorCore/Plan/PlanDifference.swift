/// What `apply` would do, in plan order: the changes between two plans.
package struct PlanDifference: Equatable, Sendable {
    package enum Change: Equatable, Sendable {
        case add(worker: String, instances: Int)
        case remove(worker: String)
        /// These keys changed and a run has them from its start on: its instances are restarted.
        case restart(worker: String, keys: [String])
        /// These keys changed and take effect without touching a process.
        case update(worker: String, keys: [String])
        case scale(worker: String, from: Int, to: Int)
        case addGroup(String)
        case removeGroup(String)
        case updateGroup(String)
        case addQueue(String, slots: Int)
        /// So many of its tasks are unfinished: those that run are let finish, the others stay until it comes back.
        case removeQueue(String, unfinished: Int)
        /// These keys changed; they hold from the next task on.
        case updateQueue(String, keys: [String])
        /// These keys of `[daemon]` changed; `afterRestart` are those that need a restart of roostd.
        case daemon(keys: [String], afterRestart: [String])
        case access
    }

    package var changes: [Change]

    package var isEmpty: Bool { changes.isEmpty }

    package init(changes: [Change]) { self.changes = changes }

    /// - Parameter currentCount: how many instances a worker has now, which `scale` may have changed.
    /// - Parameter unfinished: how many unfinished tasks a queue has.
    package init(
        from old: Plan, to new: Plan, currentCount: (String) -> Int?, unfinished: (String) -> Int = { _ in 0 }
    ) {
        changes = []
        let daemon = new.daemon.changes(from: old.daemon)
        if !daemon.now.isEmpty || !daemon.afterRestart.isEmpty {
            changes.append(.daemon(keys: daemon.now, afterRestart: daemon.afterRestart))
        }
        if old.access != new.access { changes.append(.access) }
        let oldWorkers = Dictionary(uniqueKeysWithValues: old.workers.map { ($0.name, $0) })
        let newNames = Set(new.workers.map(\.name))
        for worker in old.workers where !newNames.contains(worker.name) { changes.append(.remove(worker: worker.name)) }
        for worker in new.workers {
            guard let before = oldWorkers[worker.name] else {
                changes.append(.add(worker: worker.name, instances: worker.instances))
                continue
            }
            let changed = worker.changes(from: before)
            if !changed.needingRestart.isEmpty {
                changes.append(.restart(worker: worker.name, keys: changed.needingRestart + changed.inPlace))
            } else if !changed.inPlace.isEmpty {
                changes.append(.update(worker: worker.name, keys: changed.inPlace))
            }
            let count = currentCount(worker.name) ?? before.instances
            if worker.instances != before.instances, worker.instances != count {
                changes.append(.scale(worker: worker.name, from: count, to: worker.instances))
            }
        }
        for group in old.groups where !new.groups.contains(where: { $0.name == group.name }) {
            changes.append(.removeGroup(group.name))
        }
        for group in new.groups {
            if let before = old.groups.first(where: { $0.name == group.name }) {
                if before != group { changes.append(.updateGroup(group.name)) }
            } else {
                changes.append(.addGroup(group.name))
            }
        }
        addQueueChanges(from: old.queues, to: new.queues, unfinished: unfinished)
    }
}

extension WorkerDefinition {
    /// The keys in which two definitions differ, apart from the count.
    struct Changes: Equatable {
        var needingRestart: [String] = []
        var inPlace: [String] = []
    }

    func changes(from old: WorkerDefinition) -> Changes {
        Changes(
            needingRestart: launch.changedKeys(from: old.launch)
                + keys([
                    ("ready", ready != old.ready), ("log", log != old.log),
                    ("pool", (tasks == nil) != (old.tasks == nil)),
                ]),
            inPlace: keys([
                ("autostart", autostart != old.autostart), ("requires", requires != old.requires),
                ("after", after != old.after), ("restart", restart != old.restart), ("health", health != old.health),
                ("stop", stop != old.stop),
            ]) + (tasks?.changedKeys(from: old.tasks) ?? []))
    }
}

extension PlanDifference {
    private mutating func addQueueChanges(
        from old: [QueueDefinition], to new: [QueueDefinition], unfinished: (String) -> Int
    ) {
        let names = Set(new.map(\.name))
        for queue in old where !names.contains(queue.name) {
            changes.append(.removeQueue(queue.name, unfinished: unfinished(queue.name)))
        }
        let before = Dictionary(uniqueKeysWithValues: old.map { ($0.name, $0) })
        for queue in new {
            guard let old = before[queue.name] else {
                changes.append(.addQueue(queue.name, slots: queue.slots))
                continue
            }
            let changed = queue.changedKeys(from: old)
            if !changed.isEmpty { changes.append(.updateQueue(queue.name, keys: changed)) }
        }
    }
}

extension QueueDefinition {
    func changedKeys(from old: QueueDefinition) -> [String] {
        keys([
            ("slots", slots != old.slots), ("order", order != old.order), ("capacity", capacity != old.capacity),
            ("keep", keep != old.keep), ("timeout", timeout != old.timeout), ("retry", retry != old.retry),
            ("priority", priority != old.priority), ("on_interrupt", onInterrupt != old.onInterrupt),
            ("durable", durable != old.durable), ("paused", paused != old.paused),
            ("success_codes", successCodes != old.successCodes),
            ("submitter_environment", submitterEnvironment != old.submitterEnvironment),
            ("submitter_directory", submitterDirectory != old.submitterDirectory),
        ]) + launch.changedKeys(from: old.launch) + keys([("stop", stop != old.stop), ("log", log != old.log)])
    }
}

extension PoolSettings {
    fileprivate func changedKeys(from old: PoolSettings?) -> [String] {
        guard let old else { return [] }
        return keys([
            ("capacity", capacity != old.capacity), ("tasks_per_process", tasksPerProcess != old.tasksPerProcess),
            ("task_timeout", taskTimeout != old.taskTimeout), ("retry", retry != old.retry),
            ("drain", drain != old.drain), ("keep", keep != old.keep),
        ])
    }
}

extension LaunchSpecification {
    func changedKeys(from old: LaunchSpecification) -> [String] {
        keys([
            ("command", arguments != old.arguments), ("user", user != old.user), ("group", group != old.group),
            ("supplementary_groups", supplementaryGroups != old.supplementaryGroups),
            ("directory", directory != old.directory), ("umask", umask != old.umask),
            ("inherit_environment", inheritEnvironment != old.inheritEnvironment),
            ("environment", environment != old.environment),
            ("environment_files", environmentFiles != old.environmentFiles), ("limits", limits != old.limits),
            ("nice", nice != old.nice), ("oom_score_adjust", oomScoreAdjustment != old.oomScoreAdjustment),
            ("no_new_privileges", noNewPrivileges != old.noNewPrivileges),
            ("parent_death_signal", parentDeathSignal != old.parentDeathSignal),
            ("stdin", standardInput != old.standardInput),
        ])
    }
}

extension DaemonSettings {
    /// The keys in which two settings differ: those that take effect at once, and those that need a restart of roostd.
    func changes(from old: DaemonSettings) -> (now: [String], afterRestart: [String]) {
        let now = keys([
            ("parallel_starts", parallelStarts != old.parallelStarts), ("log_level", logLevel != old.logLevel),
        ])
        let later = keys([
            ("socket", socket != old.socket), ("socket_mode", socketMode != old.socketMode),
            ("socket_group", socketGroup != old.socketGroup), ("log_directory", logDirectory != old.logDirectory),
            ("state_directory", stateDirectory != old.stateDirectory),
            ("runtime_directory", runtimeDirectory != old.runtimeDirectory), ("cgroup", cgroup != old.cgroup),
        ])
        return (now, later)
    }
}

private func keys(_ flags: [(String, Bool)]) -> [String] { flags.filter(\.1).map(\.0) }
