import SupervisorCore

/// Makes one plan of all the files of a configuration.
struct PlanDecoder {
    let context: DecodingContext
    var plan = Plan()
    /// Where each worker, group and access rule is defined.
    var workerPlaces: [String: Place] = [:]
    var groupPlaces: [String: Place] = [:]
    var queuePlaces: [String: Place] = [:]
    /// Where the workers say what happens to their output, if they do.
    var logPlaces: [String: Place] = [:]
    private var rulePlaces: [String: Place] = [:]
    /// In the order of the configuration; by the worker, group or rule that makes them.
    var references: [(owner: String, reference: Reference)] = []

    init(context: DecodingContext) { self.context = context }

    mutating func decode(_ source: Source) {
        let place = Place(
            file: source.file, fileIndex: source.index, position: source.document.root.position, path: [])
        var file = TableReader(source.document.root, place: place, context: context)
        if let daemon = file.field("daemon") {
            if source.isMain {
                if let settings = daemon.daemonSettings() { plan.daemon = settings }
            } else {
                daemon.problem("only the main file can hold [daemon]", fix: "move it there")
            }
        }
        if let access = file.field("access") { decodeAccess(access) }
        if let workers = file.field("worker") { decodeWorkers(workers) }
        if let pools = file.field("pool") { decodePools(pools) }
        if let groups = file.field("group") { decodeGroups(groups) }
        if let queues = file.field("queue") { decodeQueues(queues) }
        _ = file.field("include")  // followed when the file was read
        file.expectLater(["job"])
        file.finish(hints: ["program": "[worker.NAME]", "service": "[worker.NAME]", "services": "[worker.NAME]"])
    }

    /// The plan, if nothing in it is an error.
    mutating func finish() -> Plan? {
        if context.isComplete { checkReferences() }
        checkGroups()
        checkQueueNames()
        checkCycles()
        checkLogs()
        return context.problems.hasErrors ? nil : plan
    }

    private mutating func decodeWorkers(_ field: Field) {
        for field in field.definitions("worker", each: "a worker") {
            let name = field.place.path[1]
            guard !isDefined(field, &workerPlaces) else { continue }
            var found: [Reference] = []
            let worker = field.worker(name, references: &found)
            references += found.map { (name, $0) }
            if let worker { plan.workers.append(worker) }
            if case .table(let table) = field.value.kind, let log = table.entry("log") {
                logPlaces[name] = field.place.child("log", at: log.key.position)
            }
        }
    }

    /// A pool is a worker that takes tasks, and shares its names.
    private mutating func decodePools(_ field: Field) {
        for field in field.definitions("pool", each: "a pool") {
            let name = field.place.path[1]
            guard !isDefined(field, &workerPlaces) else { continue }
            var found: [Reference] = []
            let pool = field.pool(name, references: &found)
            references += found.map { (name, $0) }
            if let pool { plan.workers.append(pool) }
            if case .table(let table) = field.value.kind, let log = table.entry("log") {
                logPlaces[name] = field.place.child("log", at: log.key.position)
            }
        }
    }

    private mutating func decodeGroups(_ field: Field) {
        for field in field.definitions("group", each: "a group") {
            let name = field.place.path[1]
            guard !isDefined(field, &groupPlaces) else { continue }
            var found: [Reference] = []
            let group = field.group(name, references: &found)
            references += found.map { (name, $0) }
            if let group { plan.groups.append(group) }
        }
    }

    private mutating func decodeQueues(_ field: Field) {
        for field in field.definitions("queue", each: "a queue") {
            guard !isDefined(field, &queuePlaces) else { continue }
            if let queue = field.queue(field.place.path[1]) { plan.queues.append(queue) }
        }
    }

    private mutating func decodeAccess(_ field: Field) {
        for field in field.definitions("access", each: "an access rule") {
            let name = field.place.path[1]
            guard !isDefined(field, &rulePlaces) else { continue }
            var found: [Reference] = []
            let rule = field.accessRule(name, references: &found)
            references += found.map { (name, $0) }
            if let rule { plan.access.append(rule) }
        }
    }

    /// Whether another file defines the same; within one file the parser refuses a second definition.
    private func isDefined(_ field: Field, _ places: inout [String: Place]) -> Bool {
        let name = field.place.path[1]
        if let other = places[name] {
            field.problem("is already defined at \(other.shown)", fix: "rename or remove one of the two")
            return true
        }
        places[name] = field.place
        return false
    }
}

extension Field {
    /// The tables of `[worker.NAME]`, `[group.NAME]` or `access = { NAME = … }` whose names are allowed.
    fileprivate func definitions(_ section: String, each: String) -> [Field] {
        guard case .table(let table) = value.kind else {
            mismatch("a table of tables", fix: "write [\(section).NAME]")
            return []
        }
        return table.entries.compactMap { entry in
            let field = Field(
                value: entry.value, place: place.child(entry.key.name, at: entry.key.position), context: context)
            guard case .table(let inner) = entry.value.kind else {
                field.mismatch("a table", fix: "write [\(section).NAME]")
                return nil
            }
            let reader = TableReader(inner, place: field.place, context: context)
            return reader.checkName(each) ? field : nil
        }
    }
}
