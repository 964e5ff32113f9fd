import SupervisorCore

/// The `params` of each method, read and written in one place.
extension Command {
    init(_ method: Method, _ reader: ParameterReader) throws(ControlError) {
        try reader.allow(Command.parameterNames(of: method))
        switch method {
        case .status: self = .status(names: try reader.names() ?? [])
        case .start: self = .start(names: try reader.someNames(), wait: try reader.wait())
        case .stop: self = .stop(names: try reader.someNames(), wait: try reader.wait())
        case .restart: self = .restart(names: try reader.someNames(), wait: try reader.wait())
        case .signal: self = .signal(names: try reader.someNames(), try reader.signal())
        case .scale:
            self = .scale(
                worker: try reader.name("worker"), instances: try reader.count("instances", upTo: .max),
                wait: try reader.wait())
        case .clear: self = .clear(names: try reader.someNames())
        case .plan: self = .plan
        case .apply: self = .apply(wait: try reader.wait())
        case .logs: self = .logs(try reader.logQuery())
        case .subscribe: self = .subscribe(try reader.eventQuery())
        case .unsubscribe: self = .unsubscribe
        case .why: self = .why(name: try reader.name("name"))
        case .call:
            // Calls are read from their bytes; what comes here is no JSON for those who look closely.
            throw ControlError(.parseError, "cannot read the call: not valid JSON, or nested too deeply")
        case .version: self = .version
        case .shutdown: self = .shutdown
        case .submit, .tasks, .wait, .result, .cancel, .retry, .pause, .resume:
            self = .task(try TaskVerb(method, reader))
        }
    }

    private static func parameterNames(of method: Method) -> [String] {
        switch method {
        case .status, .clear: ["names"]
        case .start, .stop, .restart: ["names", "wait", "timeout"]
        case .signal: ["names", "signal"]
        case .scale: ["worker", "instances", "wait", "timeout"]
        case .apply: ["wait", "timeout"]
        case .logs: ["names", "lines", "follow", "stream"]
        case .subscribe: ["after", "kinds", "names"]
        case .why: ["name"]
        case .call: []
        case .plan, .unsubscribe, .version, .shutdown: []
        case .submit, .tasks, .wait, .result, .cancel, .retry, .pause, .resume: TaskVerb.parameterNames(of: method)
        }
    }

    func encodeParameters(into container: inout KeyedEncodingContainer<AnyKey>) throws {
        switch self {
        case .status(let names):
            if !names.isEmpty { try container.encode(names, forKey: AnyKey("names")) }
        case .start(let names, let wait), .stop(let names, let wait), .restart(let names, let wait):
            try container.encode(names, forKey: AnyKey("names"))
            try wait.encode(into: &container)
        case .signal(let names, let signal):
            try container.encode(names, forKey: AnyKey("names"))
            try container.encode(signal.name, forKey: AnyKey("signal"))
        case .scale(let worker, let instances, let wait):
            try container.encode(worker, forKey: AnyKey("worker"))
            try container.encode(instances, forKey: AnyKey("instances"))
            try wait.encode(into: &container)
        case .clear(let names):
            try container.encode(names, forKey: AnyKey("names"))
        case .apply(let wait):
            try wait.encode(into: &container)
        case .logs(let query):
            try container.encode(query.names, forKey: AnyKey("names"))
            try container.encode(query.lines, forKey: AnyKey("lines"))
            try container.encode(query.follow, forKey: AnyKey("follow"))
            try container.encodeIfPresent(query.stream, forKey: AnyKey("stream"))
        case .subscribe(let query):
            try container.encodeIfPresent(query.after, forKey: AnyKey("after"))
            if !query.filter.kinds.isEmpty { try container.encode(query.filter.kinds, forKey: AnyKey("kinds")) }
            if !query.filter.names.isEmpty { try container.encode(query.filter.names, forKey: AnyKey("names")) }
        case .why(let name):
            try container.encode(name, forKey: AnyKey("name"))
        case .task(let verb):
            try verb.encodeParameters(into: &container)
        case .plan, .unsubscribe, .version, .shutdown, .call:
            break
        }
    }
}

extension Command.Wait {
    func encode(into container: inout KeyedEncodingContainer<AnyKey>) throws {
        switch self {
        case .no:
            try container.encode(false, forKey: AnyKey("wait"))
        case .untilDone(let timeout):
            try container.encode(true, forKey: AnyKey("wait"))
            try container.encodeIfPresent(timeout.map { $0 / .seconds(1) }, forKey: AnyKey("timeout"))
        }
    }
}
