import Scheduling
import SupervisorCore

/// What requests and plans mean for what is wanted.
extension Oracle {
    mutating func asked(_ request: Request, naming ids: [InstanceID]) {
        switch request {
        case .start: start(ids)
        case .stop:
            for id in ids { change(id) { $0.isWanted = false } }
        case .restart:
            for id in ids {
                change(id) { if $0.run != nil { $0.isToRestart = true } }
                wantUp(id)
            }
            restartRequirers(of: Set(ids.compactMap { find($0)?.worker }))
        case .signal, .submit, .waitTasks, .cancelTasks, .retryTasks, .pauseQueues, .resumeQueues, .call: break
        case .scale(let worker, let count, _):
            if let worker = workerIndex(worker), !workers[worker].isRemoved, count >= 0 { resize(worker, to: count) }
        case .apply(let next, _): adopt(next)
        }
    }

    mutating func adopt(_ next: Plan) {
        let old = plan
        plan = next
        groups = next.groups.map { definition in
            groups.first { $0.definition == definition } ?? Group(definition: definition)
        }
        let names = next.workers.map(\.name)
        let leaving = workers.filter { !names.contains($0.definition.name) }
        let staying = workers
        workers = next.workers.map { definition in
            staying.first { $0.definition.name == definition.name } ?? Worker(definition: definition)
        }
        workers += leaving
        for index in workers.indices {
            workers[index].isRemoved = index >= next.workers.count
            if workers[index].isRemoved { resize(index, to: 0) }
        }
        for (index, definition) in next.workers.enumerated() {
            let planned = old.workers.first { $0.name == definition.name }?.instances
            adopt(definition, as: index, plannedBefore: planned)
        }
        connect()
    }

    private mutating func adopt(_ definition: WorkerDefinition, as index: Int, plannedBefore: Int?) {
        let before = workers[index].definition
        let count = plannedBefore == definition.instances ? before.instances : definition.instances
        workers[index].definition = definition
        workers[index].definition.instances = count
        let needsRestart =
            definition.launch != before.launch || definition.ready != before.ready || definition.log != before.log
        for slot in workers[index].instances.indices {
            let instance = workers[index].instances[slot]
            if definition.restart.giveUp != before.restart.giveUp { workers[index].instances[slot].failures = [] }
            guard needsRestart, instance.run != nil || instance.state == .backoff || instance.state == .fatal else {
                continue
            }
            workers[index].instances[slot].failures = []
            workers[index].instances[slot].isToRestart = instance.run != nil
        }
        resize(index, to: count)
    }

    private mutating func resize(_ worker: Int, to count: Int) {
        workers[worker].definition.instances = count
        let present = workers[worker].instances.filter { !$0.isLeaving }
        let isWanted = present.isEmpty ? workers[worker].definition.autostart : present.contains(where: \.isWanted)
        for index in 0..<max(count, workers[worker].instances.count) {
            if index >= workers[worker].instances.count {
                let id = InstanceID(worker: workers[worker].definition.name, index: index)
                var instance = Instance(id: id, isWanted: isWanted)
                instance.lastRun = retiredRuns[id] ?? 0
                workers[worker].instances.append(instance)
            } else if index >= count {
                workers[worker].instances[index].isLeaving = true
            } else if workers[worker].instances[index].isLeaving {
                workers[worker].instances[index].isLeaving = false
                workers[worker].instances[index].isWanted = isWanted
                if isWanted, workers[worker].instances[index].state == .stopping {
                    workers[worker].instances[index].isToRestart = true
                }
            }
        }
    }

    private mutating func start(_ ids: [InstanceID]) {
        var named = ids
        var seen = Set(ids.compactMap { find($0)?.worker })
        var next = seen.sorted()
        while let worker = next.popLast() {
            for required in workers[worker].requirements where seen.insert(required).inserted {
                next.append(required)
                let isUnwanted = !workers[required].instances.contains(where: \.isPresent)
                named += workers[required].instances.filter { isUnwanted || $0.state == .fatal }.map(\.id)
            }
        }
        for id in named { wantUp(id) }
    }

    private mutating func wantUp(_ id: InstanceID) {
        change(id) { instance in
            instance.isWanted = true
            instance.isCondemned = false
            instance.failures = []
            if instance.state == .stopping { instance.isToRestart = true }
        }
        for index in groups.indices where groups[index].definition.members.contains(id.worker) {
            groups[index].restarts = []
        }
    }

    /// Restarting all of a worker takes along whatever requires it.
    private mutating func restartRequirers(of origins: Set<Int>) {
        var restarted = origins
        // Plans are drawn so that requirements come first.
        for worker in workers.indices {
            let wholly = workers[worker].requirements.contains { required in
                restarted.contains(required)
                    && workers[required].instances.allSatisfy { $0.isToRestart || $0.run == nil }
            }
            guard wholly else { continue }
            restarted.insert(worker)
            for index in workers[worker].instances.indices { askRestart(worker, index) }
        }
    }

    mutating func askRestart(_ worker: Int, _ index: Int) {
        let instance = workers[worker].instances[index]
        guard instance.run != nil, isDesired(instance, held: isHeld(worker)) else { return }
        workers[worker].instances[index].isToRestart = true
    }

    mutating func change(_ id: InstanceID, _ body: (inout Instance) -> Void) {
        guard let (worker, index) = find(id) else { return }
        body(&workers[worker].instances[index])
    }

    /// Who depends on whom, from the definitions as they are.
    mutating func connect() {
        for index in workers.indices {
            let definition = workers[index].definition
            workers[index].requirements = definition.requires.compactMap(workerIndex)
            workers[index].predecessors = (definition.requires + definition.after).compactMap(workerIndex)
            workers[index].successors = []
        }
        for group in groups {
            let members = group.definition.members.compactMap(workerIndex)
            for (earlier, later) in zip(members, members.dropFirst()) { workers[later].predecessors.append(earlier) }
        }
        for index in workers.indices {
            for predecessor in workers[index].predecessors { workers[predecessor].successors.append(index) }
        }
    }
}
