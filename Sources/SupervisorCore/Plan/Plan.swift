/// The validated desired state: what the configuration asks for. A pure value.
///
/// Order matters and is the order of the configuration: it decides every tie.
package struct Plan: Equatable, Sendable {
    package var daemon: DaemonSettings
    package var access: [AccessRule]
    package var workers: [WorkerDefinition]
    package var groups: [GroupDefinition]
    /// Names of workers, groups, queues and pools are of one space.
    package var queues: [QueueDefinition]

    package init(
        daemon: DaemonSettings = DaemonSettings(), access: [AccessRule] = [], workers: [WorkerDefinition] = [],
        groups: [GroupDefinition] = [], queues: [QueueDefinition] = []
    ) {
        self.daemon = daemon
        self.access = access
        self.workers = workers
        self.groups = groups
        self.queues = queues
    }
}

/// `[daemon]`: what concerns roostd itself.
package struct DaemonSettings: Equatable, Sendable {
    package static let defaultSocket = "/run/roost/control.sock"

    /// The control channel's path.
    package var socket = DaemonSettings.defaultSocket
    /// Permission bits of the control channel.
    package var socketMode: UInt32 = 0o600
    /// The group that owns the control channel, by name or number; nil keeps the daemon's.
    package var socketGroup: String?
    /// Where log files go whose path is relative or absent.
    package var logDirectory = "/var/log/roost"
    package var stateDirectory = "/var/lib/roost"
    /// Where notify sockets live; nil means beside the control channel.
    package var runtimeDirectory: String?
    /// How many instances may be `starting` at once.
    package var parallelStarts = 32
    package var cgroup = CgroupChoice.automatic
    package var logLevel = LogLevel.info

    package init() {}
}

/// Where the runs' cgroups are made.
package enum CgroupChoice: Hashable, Sendable {
    /// In roostd's own cgroup when that is delegated to it; else none.
    case automatic
    case none
    /// In this cgroup v2 directory, which the operator vouches for.
    case path(String)
}

package enum LogLevel: String, Sendable, CaseIterable {
    case debug, info, notice, warning, error
}

/// `[access]`: what a peer that is neither root nor the daemon's user may do.
package struct AccessRule: Equatable, Sendable {
    package var name: String
    /// By name or number. A peer matches when its user or one of its groups is this.
    package var user: String?
    package var group: String?
    package var verbs: [String]
    /// Worker names, or patterns that end in `*`.
    package var workers: [String]

    package init(name: String, user: String? = nil, group: String? = nil, verbs: [String], workers: [String]) {
        self.name = name
        self.user = user
        self.group = group
        self.verbs = verbs
        self.workers = workers
    }
}

/// `[group.NAME]`: several workers with an order and a restart strategy. Semantics are those of OTP's supervisor.
package struct GroupDefinition: Equatable, Sendable {
    package enum Strategy: String, Sendable, CaseIterable {
        case oneForOne = "one_for_one"
        case oneForAll = "one_for_all"
        case restForOne = "rest_for_one"
    }

    package var name: String
    /// In start order; a later member starts after an earlier one, and stops before it.
    package var members: [String]
    package var strategy: Strategy
    /// More restarts than this within the period and the group gives up. Nil: no limit.
    package var intensity: Intensity?

    package struct Intensity: Equatable, Sendable {
        package var restarts: Int
        package var within: Duration

        package init(restarts: Int, within: Duration) {
            self.restarts = restarts
            self.within = within
        }
    }

    package init(name: String, members: [String], strategy: Strategy = .oneForOne, intensity: Intensity? = nil) {
        self.name = name
        self.members = members
        self.strategy = strategy
        self.intensity = intensity
    }
}
