import ControlProtocol
import Glibc
import Linux
import Logging
import SupervisorCore

/// From settings to what the runtime needs.
extension Daemon {
    static func runtimeDirectory(_ settings: DaemonSettings) -> String {
        settings.runtimeDirectory ?? FileSystem.parent(of: settings.socket) ?? "."
    }

    /// Rules whose user or group does not exist match nobody; the configuration has complained about them.
    static func access(_ rules: [AccessRule]) -> Access {
        Access(
            daemonUser: geteuid(),
            grants: rules.map { rule in
                Access.Grant(
                    rule, user: rule.user.flatMap { try? Accounts.user($0).uid },
                    group: rule.group.flatMap { try? Accounts.group($0).gid })
            })
    }

    /// The cgroup below which runs get theirs; nil when there is none to be had.
    static func cgroups(_ choice: CgroupChoice, _ logger: Logger) -> ControlGroup? {
        do {
            switch choice {
            case .none:
                return nil
            case .automatic:
                guard let own = try ControlGroup.own(), own.isDelegated else {
                    logger.info("no cgroup is delegated to roostd: trees are found by descent and environment")
                    return nil
                }
                return try own.ensureChild("roost")
            case .path(let path):
                let parent = ControlGroup(path: path)
                _ = try parent.isPopulated()
                return try parent.ensureChild("roost")
            }
        } catch {
            logger.error("\(error); going on without cgroups: trees are found by descent and environment")
            return nil
        }
    }

    func place() throws -> ControlListener.Place {
        ControlListener.Place(
            path: settings.socket, mode: settings.socketMode,
            group: try settings.socketGroup.map { try Accounts.group($0).gid })
    }
}

extension LogLevel {
    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }
}

extension Announcement.Kind {
    /// How much an operator should care.
    var level: Logger.Level {
        switch self {
        case .waiting, .added, .taskAccepted: .debug
        case .taskStarted, .taskStopping, .queueAdded, .queueRemoved: .info
        case .taskRetrying, .taskFinished, .taskCancelled, .queuePaused, .queueResumed, .queueRecovered: .notice
        case .taskInterrupted: .warning
        case .taskStuck, .queueStalled: .error
        case .starting, .running, .stopping, .stopped, .removed, .signaled: .info
        case .exited, .backoff, .groupRestarting, .planApplied, .shutdown: .notice
        case .unhealthy: .warning
        case .fatal, .stuck, .groupFailed: .error
        case .internalError: .critical
        }
    }
}

extension Announcement {
    /// "web:0#17 running: ready (pid 4711)"
    var logLine: String {
        let attempt = instance.map { instance in run.map { "\(instance)#\($0)" } ?? instance.description }
        let subject = task.map { "\(queue ?? "task") \($0)" } ?? attempt ?? queue
        let verb = kind.rawValue.split(separator: ".").last.map(String.init) ?? kind.rawValue
        let process = kind == .running || kind == .starting ? pid.map { " (pid \($0))" } : nil
        return "\(subject.map { "\($0) " } ?? "")\(verb): \(message)\(process ?? "")"
    }
}
