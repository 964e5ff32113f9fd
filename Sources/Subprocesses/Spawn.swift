import CLinux
import Linux

/// Makes a new process that executes a program, and returns when the program runs.
///
/// The process is made by one `clone3` (`clone` on kernels before 5.7) that shares memory until the program is
/// executed, so it costs the same however much memory the parent uses, and no code of the parent but a C routine
/// of raw system calls runs in the child. May be called from any thread; the calling thread waits, with all its
/// signals blocked, until the child executes, which a hung network file system or a frozen control group can delay.
///
/// - Parameter request: what to execute, and as what.
/// - Returns: the running child. A child killed between birth and execution counts as running; its exit tells.
/// - Throws: `SpawnError` with the step that failed; nothing is left behind then.
package func spawn(_ request: SpawnRequest) throws(SpawnError) -> SpawnedProcess {
    AbandonedChildren.sweep()
    try request.command.validate()
    let path = try CommandSearch(request.command).path()
    let streams = try ChildStreams(request)
    var child = ChildRequest(request.command, path: path, streams: streams)
    let result = try child.spawn()
    return SpawnedProcess(
        pid: result.pid,
        descriptor: ProcessDescriptor(adopting: OwnedDescriptor(adopting: result.pidfd)),
        streams: streams)
}

/// A request in the form that the C side takes: plain arrays and C strings.
private struct ChildRequest: ~Copyable {
    private let request: Command
    private let path: String
    /// The path, the directory and the score, in this order; empty where there is none.
    private let texts: CStrings
    private let arguments: CStrings
    /// nil for the parent's own.
    private let environment: CStrings?
    private let credentials: Command.Credentials?
    private let groups: [gid_t]
    private let limits: [roost_spawn_limit]
    private var descriptors: [roost_spawn_descriptor]

    init(_ request: Command, path: String, streams: borrowing ChildStreams) {
        self.request = request
        self.path = path
        texts = CStrings([path, request.directory ?? "", request.oomScoreAdjustment.map { "\($0)" } ?? ""])
        arguments = CStrings(request.arguments)
        environment = request.environment.block()
        // Switching to what one is already needs no privilege that way.
        credentials = request.credentials.flatMap { $0.areOurs ? nil : $0 }
        groups = credentials?.supplementaryGroups ?? []
        limits = request.resourceLimits.map {
            roost_spawn_limit(resource: $0.resource.number, value: .init(soft: $0.soft, hard: $0.hard))
        }
        descriptors = streams.mappings
        for mapping in request.extraDescriptors {
            descriptors.append(roost_spawn_descriptor(source: mapping.source, target: mapping.target, moved: -1))
        }
    }

    mutating func spawn() throws(SpawnError) -> roost_spawn_result {
        var result = roost_spawn_result()
        var plain = unsafe roost_spawn_request()
        unsafe plain.path = UnsafePointer(texts.pointers[0])
        unsafe plain.directory = request.directory == nil ? nil : UnsafePointer(texts.pointers[1])
        unsafe plain.oom_score_adjustment = request.oomScoreAdjustment == nil ? nil : UnsafePointer(texts.pointers[2])
        unsafe plain.arguments = UnsafePointer(arguments.pointers)
        switch environment {
        case .some(let own): unsafe plain.environment = UnsafePointer(own.pointers)
        case .none: unsafe plain.environment = UnsafePointer(roost_environment())
        }
        unsafe plain.signal_mask = request.blockedSignals.reduce(0) { $0 | 1 << UInt64($1 - 1) }
        unsafe plain.options = options
        unsafe plain.process_group = joinedGroup
        unsafe plain.uid = credentials?.user ?? 0
        unsafe plain.gid = credentials?.group ?? 0
        unsafe plain.umask = request.umask ?? 0
        unsafe plain.nice = request.nice ?? 0
        unsafe plain.terminal = controllingTerminal ?? -1
        unsafe plain.parent_death_signal = request.parentDeathSignal ?? 0
        unsafe plain.cgroup = request.controlGroup ?? -1

        let guarded = credentials != nil
        if guarded { CoreDumps.userSwitchBegins() }
        let status = unsafe descriptors.withUnsafeMutableBufferPointer { descriptors in
            unsafe limits.withUnsafeBufferPointer { limits in
                unsafe groups.withUnsafeBufferPointer { groups in
                    unsafe plain.descriptors = descriptors.baseAddress
                    unsafe plain.descriptor_count = descriptors.count
                    unsafe plain.limits = limits.baseAddress
                    unsafe plain.limit_count = limits.count
                    unsafe plain.groups = groups.baseAddress
                    unsafe plain.group_count = groups.count
                    return unsafe roost_spawn(&plain, &result)
                }
            }
        }
        if guarded { CoreDumps.userSwitchEnded() }
        if status == 0 { return result }
        throw error(result)
    }

    private var options: UInt32 {
        var options: UInt32 = 0
        switch request.processGroup {
        case .inherit: break
        case .own, .join: options |= ROOST_SPAWN_SET_PROCESS_GROUP.rawValue
        case .session(controllingTerminal: nil): options |= ROOST_SPAWN_SET_SESSION.rawValue
        case .session: options |= ROOST_SPAWN_SET_SESSION.rawValue | ROOST_SPAWN_SET_TERMINAL.rawValue
        }
        if request.umask != nil { options |= ROOST_SPAWN_SET_UMASK.rawValue }
        if request.nice != nil { options |= ROOST_SPAWN_SET_NICE.rawValue }
        if credentials != nil { options |= ROOST_SPAWN_SET_CREDENTIALS.rawValue }
        if request.noNewPrivileges { options |= ROOST_SPAWN_SET_NO_NEW_PRIVILEGES.rawValue }
        if request.keepsOtherDescriptors { options |= ROOST_SPAWN_KEEP_DESCRIPTORS.rawValue }
        if request.pretendsOldKernel { options |= ROOST_SPAWN_OLD_KERNEL.rawValue }
        return options
    }

    private var controllingTerminal: Int32? {
        switch request.processGroup {
        case .inherit, .own, .join: nil
        case .session(let terminal): terminal
        }
    }

    /// 0 for a new one.
    private var joinedGroup: pid_t {
        switch request.processGroup {
        case .inherit, .own, .session: 0
        case .join(let group): group
        }
    }

    /// What the C side said, with the subject that it has no memory to name.
    private func error(_ result: roost_spawn_result) -> SpawnError {
        let step = SpawnError.Step(roost_spawn_step(UInt32(result.step)))
        let subject =
            switch step {
            case .request, .account, .search, .open, .pipe, .clone, .signals, .processGroup, .session, .closeOthers,
                .parentDeath, .noNewPrivileges, .execute:
                path
            case .controlGroup: "\(request.controlGroup ?? -1)"
            case .descriptor:
                descriptors.first { $0.target == result.detail }.map { "\($0.source) as \($0.target)" } ?? ""
            case .terminal: "\(result.detail)"
            case .resourceLimit:
                request.resourceLimits.first { $0.resource.number == result.detail }?.resource.rawValue ?? ""
            case .nice: "\(request.nice ?? 0)"
            case .oomScore: "\(request.oomScoreAdjustment ?? 0)"
            case .groups: groups.isEmpty ? "none" : groups.map { "\($0)" }.joined(separator: ",")
            case .group: "\(credentials?.group ?? 0)"
            case .user: "\(credentials?.user ?? 0)"
            case .directory: request.directory ?? ""
            }
        return SpawnError(step, subject, errno: result.error)
    }
}

extension Command.Credentials {
    /// Whether this process already runs with exactly these.
    fileprivate var areOurs: Bool {
        var (real, effective, saved): (uid_t, uid_t, uid_t) = (0, 0, 0)
        guard unsafe getresuid(&real, &effective, &saved) == 0, [real, effective, saved].allSatisfy({ $0 == user })
        else { return false }
        guard unsafe getresgid(&real, &effective, &saved) == 0, [real, effective, saved].allSatisfy({ $0 == group })
        else { return false }
        let count = getgroups(0, nil)
        guard count >= 0 else { return false }
        var groups = [gid_t](repeating: 0, count: Int(count))
        guard unsafe getgroups(count, &groups) == count else { return false }
        return Set(groups) == Set(supplementaryGroups)
    }
}
