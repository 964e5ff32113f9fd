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
        case .announce(let told):
            "announce \(told.kind.rawValue) \(told.instance?.description ?? "") \(told.state?.rawValue ?? ""): "
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
        case .refused(let refusal): "refused, \(refusal)"
        }
    }
}
