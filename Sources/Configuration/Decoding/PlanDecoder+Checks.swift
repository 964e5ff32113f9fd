import SupervisorCore

// What can only be checked when every file has been decoded.
extension PlanDecoder {
    func checkReferences() {
        let names = plan.workers.map(\.name)
        for (_, reference) in references where workerPlaces[reference.name] == nil && !context.problems.isFull {
            // An access rule may be about a queue.
            if reference.kind == .workers, queuePlaces[reference.name] != nil { continue }
            let fix: String
            if queuePlaces[reference.name] != nil {
                fix = "that is a queue; name a worker"
            } else if groupPlaces[reference.name] != nil {
                fix = "that is a group; name its workers"
            } else if let nearest = nearestName(to: reference.name, among: names) {
                fix = "did you mean \"\(nearest)\"?"
            } else {
                fix = "define [worker.\(TOML.spelled(reference.name))] or remove it here"
            }
            context.problems.add(at: reference.place, "there is no worker \(TOML.quoted(reference.name))", fix: fix)
        }
    }

    /// A worker answers to one group, and `name:*` must mean one thing.
    func checkGroups() {
        for (name, place) in groupPlaces {
            guard let worker = workerPlaces[name] else { continue }
            context.problems.add(
                at: place, "a worker has the same name, at \(worker.shown), so \(name):* would mean both",
                fix: "rename one of the two")
        }
        var owners: [String: String] = [:]
        for (owner, reference) in references where reference.kind == .members {
            if let other = owners[reference.name] {
                context.problems.add(
                    at: reference.place, "\(reference.name) is already a member of the group \(other)",
                    fix: "a worker can be in one group: remove it from the other")
            } else {
                owners[reference.name] = owner
            }
        }
    }

    /// Names of workers, groups and queues are of one space: to roostctl a name means one thing.
    func checkQueueNames() {
        for queue in plan.queues {
            guard let place = queuePlaces[queue.name] else { continue }
            for (what, places) in [("worker", workerPlaces), ("group", groupPlaces)] {
                guard let other = places[queue.name] else { continue }
                context.problems.add(
                    at: place, "a \(what) has the same name, at \(other.shown)", fix: "rename one of the two")
            }
        }
    }

    /// `requires`, `after` and the order of a group must not lead back to where they start.
    func checkCycles() {
        var graph = CycleSearch(names: plan.workers.map(\.name))
        var previous: (owner: String, name: String)?
        for (owner, reference) in references {
            switch reference.kind {
            case .requires, .after:
                graph.add(from: owner, to: reference.name, place: reference.place, reason: reference.kind.rawValue)
            case .members:
                if let previous, previous.owner == owner {
                    graph.add(
                        from: reference.name, to: previous.name, place: reference.place, reason: "group \(owner)")
                }
                previous = (owner, reference.name)
            case .workers: break
            }
        }
        for cycle in graph.cycles(limit: 10) {
            let way = cycle.names.joined(separator: " → ")
            let reasons = cycle.reasons.joined(separator: ", ")
            context.problems.add(
                at: cycle.place, "dependency cycle: \(way)", fix: "remove one of its links (\(reasons))")
        }
    }

    /// Two writers of one file are possible, but its rotation then happens behind the back of one of them.
    func checkLogs() {
        var writers: [String: String] = [:]
        for worker in plan.workers {
            guard let place = logPlaces[worker.name] else { continue }
            let paths = [worker.log.output, worker.log.error].compactMap { $0 }
            for path in paths where worker.log.output != nil {
                if worker.instances > 1, !path.contains("{index}"), !path.contains("{instance}") {
                    context.problems.add(
                        .warning, at: place, "all \(worker.instances) instances write to \(path)",
                        fix: "put {index} into the path")
                }
                let full = joinedPath(plan.daemon.logDirectory, path)
                guard !full.contains("{") else { continue }
                if let other = writers[full], other != worker.name {
                    context.problems.add(
                        .warning, at: place, "\(other) writes to \(path), too", fix: "give each a file of its own")
                }
                writers[full] = worker.name
            }
        }
    }
}
