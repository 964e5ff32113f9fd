package import SupervisorCore

/// What a client asks for, checked and typed: the `method` and `params` of a request.
///
/// Names are worker names, `web:0`, `web:*`, `@group`, `group:*` or `all`.
package enum Command: Equatable, Sendable {
    /// No names: every instance.
    case status(names: [String])
    case start(names: [String], wait: Wait)
    case stop(names: [String], wait: Wait)
    case restart(names: [String], wait: Wait)
    case signal(names: [String], Signal)
    case scale(worker: String, instances: Int, wait: Wait)
    /// Truncates the logs of these instances.
    case clear(names: [String])
    case plan
    case apply(wait: Wait)
    case logs(LogQuery)
    case subscribe(EventQuery)
    case unsubscribe
    case why(name: String)
    /// A task for a pool.
    case call(PoolQuery)
    case version
    case shutdown
    /// What is asked about tasks and queues.
    case task(TaskVerb)

    /// Whether the answer comes at once or when the outcome is known.
    package enum Wait: Equatable, Sendable {
        case no
        /// For as long as it takes, or for this long.
        case untilDone(timeout: Duration?)
    }

    package enum Method: String, Sendable, CaseIterable {
        case status, start, stop, restart, signal, scale, clear, plan, apply, logs, subscribe, unsubscribe, why, call
        case version, shutdown
        case submit, tasks, wait, result, cancel, retry, pause, resume
    }

    package var method: Method {
        switch self {
        case .status: .status
        case .start: .start
        case .stop: .stop
        case .restart: .restart
        case .signal: .signal
        case .scale: .scale
        case .clear: .clear
        case .plan: .plan
        case .apply: .apply
        case .logs: .logs
        case .subscribe: .subscribe
        case .unsubscribe: .unsubscribe
        case .why: .why
        case .call: .call
        case .version: .version
        case .shutdown: .shutdown
        case .task(let verb): verb.method
        }
    }
}

/// Which lines of output a client wants.
package struct LogQuery: Equatable, Sendable {
    package static let defaultLines = 100
    package static let maximumLines = 10_000

    package var names: [String]
    /// The last so many lines of each; 0…`maximumLines`.
    package var lines = LogQuery.defaultLines
    /// Whether new output follows as `log` notifications, until the connection closes.
    package var follow = false
    /// Nil means both, or the one merged file.
    package var stream: OutputStream?

    package init(names: [String]) { self.names = names }
}

package enum OutputStream: String, Codable, Sendable, CaseIterable {
    case output = "stdout"
    case error = "stderr"
}

/// Which events a client wants, from where on.
package struct EventQuery: Equatable, Sendable {
    /// The last event that the client has seen; nil begins with the next one.
    package var after: UInt64?
    package var filter: EventFilter

    package init(after: UInt64? = nil, filter: EventFilter = EventFilter()) {
        self.after = after
        self.filter = filter
    }
}
