import Scheduling

/// What others see of it, all derived from its state.
extension InstanceMachine {
    var currentRun: RunID { RunID(instance: id, number: run) }

    var publicState: InstanceState {
        switch state {
        case .stopped: .stopped
        case .waiting: .waiting
        case .spawning, .starting: .starting
        case .running: .running
        case .backoff: .backoff
        case .stopping: .stopping
        case .exited: .exited
        case .fatal: .fatal
        }
    }

    /// Whether a process of this instance exists, or may exist in a moment.
    var isActive: Bool { publicState.isActive }

    /// When this machine wants `.deadlinePassed`.
    var deadline: Instant? {
        switch state {
        case .starting(_, let deadline), .backoff(let deadline): deadline
        case .stopping(let stopping): stopping.deadline
        case .stopped, .waiting, .spawning, .running, .exited, .fatal: nil
        }
    }

    var pid: Int32? {
        switch state {
        case .starting(let active, _), .running(let active): active.pid
        case .stopping(let stopping): stopping.mainStatus == nil ? stopping.active.pid : nil
        case .stopped, .waiting, .spawning, .backoff, .exited, .fatal: nil
        }
    }

    /// Every step of the stop was taken and the main process is still there.
    var isStuck: Bool {
        guard case .stopping(let stopping) = state else { return false }
        return stopping.deadline == nil && stopping.mainStatus == nil
    }

    func recentFailures(at now: Instant) -> Int { failures?.count(at: now) ?? 0 }
}

extension RestartPolicy {
    static let leastDelayAfterFailedSpawn = Duration.milliseconds(100)

    var backoff: Backoff { Backoff(first: delay, factor: factor, ceiling: maxDelay, jitter: jitter) }
}

extension Readiness.Probe {
    /// The key that asks for this probe in the configuration.
    package var name: String {
        switch self {
        case .spawned: "spawned"
        case .after: "after"
        case .notify: "notify"
        case .tcp: "tcp"
        case .exec: "exec"
        case .line: "line"
        case .descriptor: "fd"
        }
    }
}
