/// `[worker.NAME]`: a command that Roost keeps alive.
package struct WorkerDefinition: Equatable, Sendable {
    package var name: String
    package var launch: LaunchSpecification
    package var instances = 1
    /// Whether it is wanted up when the daemon starts.
    package var autostart = true
    /// Workers that must be up before this one starts, and that stop after it.
    package var requires: [String] = []
    /// Workers that, if they are wanted at all, start before this one and stop after it.
    package var after: [String] = []
    package var restart = RestartPolicy()
    package var ready = Readiness()
    package var health: HealthCheck?
    package var stop = StopPolicy()
    package var log = LogPolicy()
    /// What makes it a pool, `[pool.NAME]`; nil for a worker that takes no tasks.
    package var tasks: PoolSettings?
    /// The task that this run is an attempt at; nil for a worker's.
    package var task: TaskID?

    package init(name: String, launch: LaunchSpecification) {
        self.name = name
        self.launch = launch
    }
}

/// Everything that is needed to spawn a run, with `{index}`, `{worker}` and `{instance}` still in it.
package struct LaunchSpecification: Equatable, Sendable {
    package var arguments: [String]
    /// Nil runs as the daemon's user.
    package var user: String?
    package var group: String?
    /// Nil takes those of `user` from the group database.
    package var supplementaryGroups: [String]?
    package var directory: String?
    package var umask: UInt32?
    package var inheritEnvironment = true
    /// In the order of the configuration.
    package var environment: [EnvironmentVariable] = []
    /// Read anew at each spawn. A leading `-` means that the file may be missing.
    package var environmentFiles: [String] = []
    package var limits: [ResourceLimit] = []
    package var nice: Int32?
    package var oomScoreAdjustment: Int32?
    package var noNewPrivileges = false
    /// Sent to the run when roostd dies. Nil lets it live on.
    package var parentDeathSignal: Signal?
    /// A path given to the run as standard input; nil is /dev/null.
    package var standardInput: String?
    /// Nothing is to be expanded any more: the core has done so, and what is left in braces is a submitter's own.
    package var isLiteral = false

    package init(arguments: [String]) { self.arguments = arguments }
}

package struct EnvironmentVariable: Equatable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// One rlimit. `value` is nil for "unlimited".
package struct ResourceLimit: Equatable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case openFiles = "open_files"
        case processes = "processes"
        case coreSize = "core_size"
        case fileSize = "file_size"
        case addressSpace = "address_space"
        case dataSize = "data_size"
        case stackSize = "stack_size"
        case lockedMemory = "locked_memory"
        case cpuSeconds = "cpu_seconds"
    }

    package var kind: Kind
    package var value: UInt64?

    package init(kind: Kind, value: UInt64?) {
        self.kind = kind
        self.value = value
    }
}

/// `restart = { … }`
package struct RestartPolicy: Equatable, Sendable {
    package enum Condition: String, Sendable, CaseIterable {
        case always
        case onFailure = "on-failure"
        case never
    }

    package var when = Condition.always
    /// Exit codes that count as success.
    package var successCodes: [Int32] = [0]
    /// The delay before the second restart in a row; the first one after a stable run is immediate.
    package var delay = Duration.milliseconds(100)
    package var factor = 2.0
    package var maxDelay = Duration.seconds(30)
    /// A fraction: each delay is drawn from ± this much of itself. 0…1.
    package var jitter = 0.1
    /// A run that was ready and lived this long wipes out the failures before it.
    package var resetAfter = Duration.seconds(10)
    /// Nil never gives up.
    package var giveUp: GiveUp? = GiveUp(failures: 10, within: .seconds(300))

    /// This many failures of any phase within this long, and the instance is fatal.
    package struct GiveUp: Equatable, Sendable {
        package var failures: Int
        package var within: Duration

        package init(failures: Int, within: Duration) {
            self.failures = failures
            self.within = within
        }
    }

    package init() {}
}

/// `ready = { … }`: how a run shows that it is ready.
package struct Readiness: Equatable, Sendable {
    package enum Probe: Equatable, Sendable {
        /// Ready as soon as it is spawned.
        case spawned
        /// Ready once it has been alive for this long.
        case after(Duration)
        /// `READY=1` of sd_notify(3).
        case notify
        /// A TCP connection to this address succeeds.
        case tcp(SocketAddress)
        /// This command exits with 0.
        case exec([String])
        /// A line of its output matches.
        case line(String)
        /// It writes a newline to this descriptor, as s6 has it.
        case descriptor(Int32)
    }

    package var probe = Probe.spawned
    /// Not ready within this long is a failed start. Counted from the spawn.
    package var timeout = Duration.seconds(60)
    /// How often `tcp` and `exec` are tried.
    package var every = Duration.milliseconds(200)

    package init() {}
}

/// A host, a numeric address or "localhost", and a port; both may hold `{index}`.
package struct SocketAddress: Equatable, Sendable {
    package var host: String
    package var port: String

    package init(host: String, port: String) {
        self.host = host
        self.port = port
    }
}

/// `health = { … }`: how a running instance shows that it still works.
package struct HealthCheck: Equatable, Sendable {
    package enum Probe: Equatable, Sendable {
        case exec([String])
        case tcp(SocketAddress)
        /// An http:// URL that answers with 2xx or 3xx.
        case http(String)
    }

    package var probe: Probe
    package var every = Duration.seconds(10)
    package var timeout = Duration.seconds(5)
    /// This many failures in a row and the run is restarted.
    package var failures = 3

    package init(probe: Probe) { self.probe = probe }
}

/// `stop = { … }`
package struct StopPolicy: Equatable, Sendable {
    package enum Scope: String, Sendable, CaseIterable {
        /// Every signal goes to the whole process tree.
        case tree
        /// The main process is asked, the tree is killed.
        case mixed
        /// Only the main process is ever signalled; what it leaves behind is left alone and reported.
        case process
    }

    package struct Step: Equatable, Sendable {
        package var signal: Signal
        /// How long to wait for the end before the next step.
        package var grace: Duration

        package init(signal: Signal, grace: Duration) {
            self.signal = signal
            self.grace = grace
        }
    }

    /// Never empty, and always ends in KILL.
    package var steps = [Step(signal: .terminate, grace: .seconds(10)), Step(signal: .kill, grace: .seconds(5))]
    package var scope = Scope.tree

    package init() {}
}

/// `log = { … }`: where output goes.
package struct LogPolicy: Equatable, Sendable {
    package enum Full: String, Sendable, CaseIterable {
        /// A full disk pushes back on the worker through its pipe.
        case block
        /// A full disk drops output, and counts it.
        case drop
    }

    /// Where standard output goes: a path, absolute or relative to the log directory. Nil discards it.
    package var output: String? = "{instance}.log"
    /// Where standard error goes; nil merges it into `output`.
    package var error: String?
    /// Bytes; 0 never rotates.
    package var rotateSize: Int64 = 50 << 20
    /// How many rotated files are kept beside the current one.
    package var keep = 10
    package var full = Full.block

    package init() {}
}
