import SupervisorCore

extension Field {
    /// `[pool.NAME]`: a worker whose instances take tasks.
    ///
    /// - Parameter references: receives what it requires or starts after.
    func pool(_ name: String, references: inout [Reference]) -> WorkerDefinition? {
        var found: [Reference] = []
        defer { references = found }
        return table(hints: Vocabulary.pool) { pool in
            let launch = pool.launchSpecification()
            var definition = WorkerDefinition(name: name, launch: launch ?? LaunchSpecification(arguments: []))
            pool.field("stdin")?.problem("a pool's processes get their tasks on standard input", fix: "remove it")
            pool.set(&definition.instances, "slots") { $0.integer(in: 0...10_000) }
            // Callers decide what a process gets to do, so they must not be able to make the pool give up.
            definition.restart.giveUp = nil
            pool.supervision(of: &definition, references: &found)
            pool.field("log")?.refuseSeparateErrors()
            var tasks = PoolSettings()
            pool.set(&tasks.capacity, "capacity") { $0.integer(in: 1...PoolSettings.capacityLimit) }
            pool.set(&tasks.tasksPerProcess, "tasks_per_process") { $0.integer(in: 1...1_000_000_000) }
            pool.set(&tasks.taskTimeout, "task_timeout") { $0.duration(positive: true) }
            pool.set(&tasks.retry, "retry") { $0.retryPolicy() }
            pool.set(&tasks.drain, "drain") { $0.duration() }
            pool.set(&tasks.keep, "keep") { $0.integer(in: 0...100_000) }
            definition.tasks = tasks
            return launch == nil ? nil : definition
        }
    }

    private func refuseSeparateErrors() {
        guard case .table(let table) = value.kind, let entry = table.entry("stderr") else { return }
        Field(value: entry.value, place: place.child("stderr", at: entry.value.position), context: context).problem(
            "of a pool only standard error is logged, for standard output carries the answers", fix: "use path")
    }
}

extension Vocabulary {
    static let pool = worker.merging([
        "instances": "slots", "numprocs": "slots", "processes": "slots", "replicas": "slots", "workers": "slots",
        "max_workers": "slots", "maxtasksperchild": "tasks_per_process", "max_tasks_per_child": "tasks_per_process",
        "max_requests": "tasks_per_process", "timeout": "task_timeout", "recycle": "tasks_per_process",
        "queue_size": "capacity", "maxsize": "capacity",
    ]) { _, pools in pools }
}
