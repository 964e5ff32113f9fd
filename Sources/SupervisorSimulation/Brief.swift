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
        case .logsHeldUp(let queue, let isHeldUp): "the logs of \(queue) are \(isHeldUp ? "" : "not ")held up"
        case .taskAnswered(let run, let line, let extra):
            "\(run) answered \(String(decoding: line.prefix(80), as: UTF8.self))\(extra.isEmpty ? "" : " and more")"
        case .taskChannelBroken(let run, let fault): "lines of \(run) broken: \(fault.brief)"
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
        case .sendTask(let run, let task, _): "send task \(task) to \(run)"
        case .endTasks(let run): "end tasks of \(run)"
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
        case .called(let answer): "task \(answer.task) \(answer.outcome.brief)"
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

extension PoolAnswer.Outcome {
    var brief: String {
        switch self {
        case .done(let bytes): "done: \(String(decoding: bytes.prefix(80), as: UTF8.self))"
        case .error(let bytes): "error: \(String(decoding: bytes.prefix(80), as: UTF8.self))"
        case .failed(let failure, let why): "\(failure.rawValue): \(why)"
        case .cancelled(let why): "cancelled: \(why)"
        }
    }
}

extension PoolFault {
    var brief: String {
        switch self {
        case .inputClosed(let taken): "input closed, \(taken ? "task taken" : "task not taken")"
        case .unasked(let line): "unasked: \(String(decoding: line.prefix(20), as: UTF8.self))"
        case .outputClosed: "output closed"
        case .lineTooLong(let line): "line too long: \(String(decoding: line.prefix(20), as: UTF8.self))"
        case .unfinishedLine(let line): "unfinished line: \(String(decoding: line.prefix(20), as: UTF8.self))"
        case .system(let what): what
        }
    }
}
