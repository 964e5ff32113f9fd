import SupervisorCore

// Short forms for histories: a definition or a plan would fill a screen.

extension Event {
    var brief: String {
        switch self {
        case .request(let id, .apply(let plan, _)): "\(id): apply \(plan.workers.map(\.name))"
        case .request(let id, let request): "\(id): \(request)"
        case .requestAbandoned(let id): "\(id) abandoned"
        case .spawned(let run, let pid): "spawned \(run) pid \(pid)"
        case .spawnFailed(let run, _): "spawn failed \(run)"
        case .ready(let run): "ready \(run)"
        case .healthChecked(let run, let problem): "health \(run) \(problem ?? "fine")"
        case .exited(let run, let status, let treeIsEmpty): "exited \(run) \(status), tree empty: \(treeIsEmpty)"
        case .treeEmptied(let run): "tree emptied \(run)"
        case .stored(let ticket): "stored \(ticket)"
        case .storeFailed(let ticket, let reason): "\(ticket) not stored: \(reason)"
        case .swept(let queue): "swept \(queue)"
        case .shutdownRequested: "shutdown requested"
        }
    }
}

extension Effect {
    var brief: String {
        switch self {
        case .spawn(let run, _): "spawn \(run)"
        case .probeReadiness(let run): "probe \(run)"
        case .checkHealth(let run, _): "check health \(run)"
        case .endProbes(let run): "end probes \(run)"
        case .signal(let run, let signal, let wholeTree): "signal \(run) \(signal)\(wholeTree ? " to its tree" : "")"
        case .abandon(let run): "abandon \(run)"
        case .release(let run): "release \(run)"
        case .store(let ticket, let changes): "store \(ticket): \(changes.map(\.brief).joined(separator: ", "))"
        case .sweep(let queue, let runs): "sweep \(queue) of \(runs)"
        case .forgetTasks(let queue, let tasks): "forget \(tasks) of \(queue)"
        case .announce(let told):
            "announce \(told.kind.rawValue) \(told.task.map { "task \($0) " } ?? "")"
                + "\(told.instance?.description ?? "") \(told.state?.rawValue ?? ""): "
                + told.message
        case .reply(let id, let reply): "reply to \(id): \(reply.brief)"
        case .finish: "finish"
        }
    }
}

extension Reply {
    var brief: String {
        switch self {
        case .done(let outcomes): outcomes.map { "\($0.instance) \($0.result.rawValue)" }.joined(separator: ", ")
        case .submitted(let task, let isNew): "\(isNew ? "submitted" : "known as") \(task)"
        case .tasks(let reports): reports.map { "\($0.id) \($0.state)" }.joined(separator: ", ")
        case .queues(let reports): reports.map { "\($0.name)\($0.isPaused ? " paused" : "")" }.joined(separator: ", ")
        case .refused(let refusal): "refused, \(refusal)"
        }
    }
}

extension StoreChange {
    var brief: String {
        switch self {
        case .add(let record): "add \(record.id)"
        case .change(let task, let progress): "\(task) \(progress.state), attempt \(progress.attempts)"
        case .forget(let tasks): "forget \(tasks)"
        case .reserve(let task): "reserve \(task)"
        case .pause(let queue, let isPaused): "\(isPaused ? "pause" : "resume") \(queue)"
        }
    }
}
