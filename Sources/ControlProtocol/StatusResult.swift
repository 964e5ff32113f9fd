import Scheduling
package import SupervisorCore

/// The answer to `status`.
package struct StatusResult: Codable, Equatable, Sendable {
    package var instances: [InstanceStatus]
    /// Absent where there are none.
    package var queues: [QueueStatus]?
    package var daemon: DaemonStatus

    package init(instances: [InstanceStatus], queues: [QueueStatus] = [], daemon: DaemonStatus) {
        self.instances = instances
        self.queues = queues.isEmpty ? nil : queues
        self.daemon = daemon
    }
}

/// About roostd itself; also the answer to `version`.
package struct DaemonStatus: Codable, Equatable, Sendable {
    package var version: String
    /// Grows when something that clients rely on changes; keys may be added without.
    package var protocolVersion: Int
    package var pid: Int32
    package var startedAt: Timestamp

    package static let currentProtocol = 1

    package init(version: String, pid: Int32, startedAt: Timestamp) {
        self.version = version
        self.protocolVersion = DaemonStatus.currentProtocol
        self.pid = pid
        self.startedAt = startedAt
    }

    private enum CodingKeys: String, CodingKey {
        case version, pid
        case protocolVersion = "protocol"
        case startedAt = "started_at"
    }
}

/// One instance as it is now. What does not apply is absent.
package struct InstanceStatus: Codable, Equatable, Sendable {
    package var name: String
    package var worker: String
    package var index: Int
    package var state: InstanceState
    package var pid: Int32?
    package var since: Timestamp
    /// Seconds in `running`; absent in every other state.
    package var uptime: Double?
    package var run: UInt64?
    package var restarts: Int
    package var recentFailures: Int
    package var nextAttempt: Timestamp?
    package var waitingFor: [String]?
    package var lastExit: LastExit?
    package var reason: String

    package init(_ report: InstanceReport, clock: ClockReading) {
        name = report.instance.description
        worker = report.instance.worker
        index = report.instance.index
        state = report.state
        pid = report.pid
        since = clock.wall(at: report.since)
        if report.state == .running {
            let milliseconds = report.since.duration(to: clock.monotonic).saturatingNanoseconds / 1_000_000
            uptime = Double(max(0, milliseconds)) / 1000
        }
        run = report.run
        restarts = report.restarts
        recentFailures = report.recentFailures
        nextAttempt = report.nextAttempt.map(clock.wall(at:))
        waitingFor = report.waitingFor.isEmpty ? nil : report.waitingFor
        lastExit = report.lastExit.map { LastExit($0, clock: clock) }
        reason = report.reason
    }

    private enum CodingKeys: String, CodingKey {
        case name, worker, index, state, pid, since, uptime, run, restarts, reason
        case recentFailures = "recent_failures"
        case nextAttempt = "next_attempt"
        case waitingFor = "waiting_for"
        case lastExit = "last_exit"
    }
}

extension InstanceState: Codable {}

/// How an earlier run ended.
package struct LastExit: Codable, Equatable, Sendable {
    package var run: UInt64
    package var at: Timestamp
    /// Nil when it could not be spawned.
    package var status: ExitReport?

    package init(_ exit: InstanceReport.LastExit, clock: ClockReading) {
        run = exit.run
        at = clock.wall(at: exit.at)
        status = exit.status.map { ExitReport($0) }
    }

    private enum CodingKeys: String, CodingKey {
        case run, at
        case spawnFailed = "spawn_failed"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        run = try container.decode(UInt64.self, forKey: .run)
        at = try container.decode(Timestamp.self, forKey: .at)
        let spawnFailed = try container.decodeIfPresent(Bool.self, forKey: .spawnFailed) ?? false
        status = spawnFailed ? nil : try ExitReport(from: decoder)
    }

    /// The status's keys lie beside `run` and `at`.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(run, forKey: .run)
        try container.encode(at, forKey: .at)
        if let status {
            try status.encode(to: encoder)
        } else {
            try container.encode(true, forKey: .spawnFailed)
        }
    }
}

/// An exit status on the wire: `{"code":3}`, `{"signal":"SEGV"}` with `"core":true` if there is one, or
/// `{"unknown":true}`.
package struct ExitReport: Codable, Equatable, Sendable {
    package let status: ExitStatus

    package init(_ status: ExitStatus) { self.status = status }

    private enum CodingKeys: String, CodingKey {
        case code, signal, core, unknown
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let code = try container.decodeIfPresent(Int32.self, forKey: .code) {
            status = .exited(code: code)
        } else if let name = try container.decodeIfPresent(String.self, forKey: .signal) {
            guard let signal = Signal(name: name) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .signal, in: container, debugDescription: "\"\(name)\" is no signal")
            }
            let core = try container.decodeIfPresent(Bool.self, forKey: .core) ?? false
            status = .signaled(signal, coreDumped: core)
        } else {
            status = .unknown
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch status {
        case .exited(let code):
            try container.encode(code, forKey: .code)
        case .signaled(let signal, let coreDumped):
            try container.encode(signal.name, forKey: .signal)
            if coreDumped { try container.encode(true, forKey: .core) }
        case .unknown:
            try container.encode(true, forKey: .unknown)
        }
    }
}
