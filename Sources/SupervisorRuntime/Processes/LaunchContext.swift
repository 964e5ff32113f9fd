import Glibc
import Linux
import Subprocesses
import SupervisorCore

/// What every run gets from the daemon besides its own definition.
struct LaunchSurroundings {
    /// The control channel, so that workers and those who look at them know whose they are.
    var socketPath: String
    /// Where notify sockets are made.
    var notifyDirectory: NotifyDirectory
    /// The limit that the daemon itself was started with; it raised its own.
    var openFiles: OpenFileLimit?
    /// What the daemon's own environment must not hand down: it was meant for the daemon.
    static let privateVariables: Set<String> = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
        "JOURNAL_STREAM", "INVOCATION_ID", "MAINPID", "FDSTORE", "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE",
    ]
}

/// A definition made concrete for one run: names looked up, files read, placeholders filled in.
///
/// Everything that can block or fail happens here, in the parent and before the clone.
struct LaunchContext {
    let run: RunID
    let definition: WorkerDefinition
    let environment: Environment
    let credentials: Command.Credentials?

    /// - Throws: `SpawnFailure` that says what is missing and how to mend it.
    init(_ run: RunID, _ definition: WorkerDefinition, in surroundings: LaunchSurroundings) throws(SpawnFailure) {
        self.run = run
        self.definition = definition
        let account = try Self.account(of: definition.launch)
        credentials = try Self.credentials(of: definition.launch)
        environment = try Self.environment(run, definition, account: account, in: surroundings)
    }

    func expand(_ text: String) -> String { definition.launch.expand(text, for: run.instance) }

    /// Where a stream of output goes: nil for nowhere.
    func logTarget(_ path: String?, in directory: String) -> LogTarget? {
        definition.log.target(path, for: run.instance, task: definition.task, in: directory)
    }

    /// The request for the run's own process, without its streams.
    func request(in surroundings: LaunchSurroundings) -> SpawnRequest {
        let launch = definition.launch
        var request = self.request(for: launch.arguments)
        request.umask = launch.umask
        request.standardInput = launch.standardInput.map { .file(expand($0)) } ?? .null
        if let limit = surroundings.openFiles {
            request.resourceLimits.append(ResourceLimit(.openFiles, soft: limit.soft, hard: limit.hard))
        }
        request.resourceLimits += launch.limits.map { limit in
            let value = limit.value ?? UInt64.max
            return Subprocesses.ResourceLimit(limit.kind.resource, soft: value, hard: value)
        }
        request.nice = launch.nice
        request.oomScoreAdjustment = launch.oomScoreAdjustment
        request.noNewPrivileges = launch.noNewPrivileges
        request.parentDeathSignal = launch.parentDeathSignal?.number
        return request
    }

    /// The request for a command that runs beside the run as the same user: a probe.
    func request(for arguments: [String]) -> SpawnRequest {
        var request = SpawnRequest(arguments.map(expand))
        request.environment = environment
        request.directory = definition.launch.directory.map(expand)
        request.credentials = credentials
        request.processGroup = .session()
        request.standardInput = .null
        request.standardOutput = .null
        request.standardError = .null
        return request
    }

    // MARK: - Looking up

    private static func account(of launch: LaunchSpecification) throws(SpawnFailure) -> UserAccount? {
        guard let user = launch.user else { return nil }
        do {
            return try Accounts.user(user)
        } catch {
            throw SpawnFailure(errno: 0, message: "\(error)")
        }
    }

    private static func credentials(
        of launch: LaunchSpecification
    ) throws(SpawnFailure) -> Command.Credentials? {
        if launch.user == nil, launch.group == nil, launch.supplementaryGroups == nil { return nil }
        do {
            return try Command.Credentials(
                user: launch.user, group: launch.group, supplementaryGroups: launch.supplementaryGroups)
        } catch {
            throw SpawnFailure(errno: 0, message: "\(error)")
        }
    }

    private static func environment(
        _ run: RunID, _ definition: WorkerDefinition, account: UserAccount?, in surroundings: LaunchSurroundings
    ) throws(SpawnFailure) -> Environment {
        let launch = definition.launch
        var variables: [String: String] = [:]
        if !launch.inheritEnvironment {
            variables["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        }
        if let account {
            variables["USER"] = account.name
            variables["LOGNAME"] = account.name
            variables["HOME"] = account.home
            variables["SHELL"] = account.shell
        }
        for path in launch.environmentFiles {
            for variable in try read(launch.expand(path, for: run.instance)) {
                variables[variable.name] = variable.value
            }
        }
        for variable in launch.environment {
            variables[variable.name] = launch.expand(variable.value, for: run.instance)
        }
        variables["ROOST_RUN"] = run.description
        variables["ROOST_WORKER"] = run.instance.worker
        variables["ROOST_INDEX"] = "\(run.instance.index)"
        variables["ROOST_SOCKET"] = surroundings.socketPath
        if let task = definition.task { variables["ROOST_TASK"] = task.description }
        return launch.inheritEnvironment
            ? .extend(variables, without: LaunchSurroundings.privateVariables) : .replace(variables)
    }

    private static let environmentFileLimit = 1 << 20

    private static func read(_ path: String) throws(SpawnFailure) -> [EnvironmentFile.Variable] {
        let mayBeMissing = path.hasPrefix("-")
        let path = mayBeMissing ? String(path.dropFirst()) : path
        let text: String
        do {
            text = try BoundedFile.readText(path, limit: environmentFileLimit)
        } catch {
            if mayBeMissing, error.errno == ENOENT { return [] }
            let advice = "create it, or write \"-\(path)\" in environment_files if it may be missing"
            throw SpawnFailure(errno: error.errno, message: "\(error); \(advice)")
        }
        do {
            return try EnvironmentFile.parse(text)
        } catch {
            throw SpawnFailure(
                errno: 0, message: "cannot read the environment file \(path), line \(error.line): \(error.reason)")
        }
    }
}

extension SupervisorCore.ResourceLimit.Kind {
    var resource: Subprocesses.ResourceLimit.Resource {
        switch self {
        case .openFiles: .openFiles
        case .processes: .processes
        case .coreSize: .coreSize
        case .fileSize: .fileSize
        case .addressSpace: .addressSpace
        case .dataSize: .dataSize
        case .stackSize: .stackSize
        case .lockedMemory: .lockedMemory
        case .cpuSeconds: .processorTime
        }
    }
}

extension LogPolicy {
    /// Where a stream of an instance goes; nil for nowhere.
    func target(
        _ path: String?, for instance: InstanceID, task: TaskID? = nil, in directory: String
    ) -> LogTarget? {
        guard let path else { return nil }
        let named = task.map { path.replacing("{task}", with: $0.description) } ?? path
        let expanded = Placeholders.expand(named, for: instance)
        let absolute = expanded.hasPrefix("/") ? expanded : "\(directory)/\(expanded)"
        let whenFull: LogTarget.WhenFull =
            switch full {
            case .block: .block
            case .drop: .drop
            }
        return LogTarget(
            path: absolute, rotateSize: rotateSize, keep: keep, whenFull: whenFull,
            followsLinks: !path.contains("{task}"))
    }
}
