import CLinux
import Linux

/// Why a process could not be spawned: at which step, on what, and the kernel's reason.
///
/// Nothing is left behind: no process, no zombie, no descriptor. `description` is fit for an operator.
public struct SpawnError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where it failed.
    public let step: Step
    /// The kernel's reason, as in `errno(3)`.
    public let errno: Int32
    /// What it failed on: a path, an id, a number. It is the object of the step in the message.
    public let subject: String

    init(_ step: Step, _ subject: String = "", errno: Int32) {
        self.step = step
        self.subject = subject
        self.errno = errno
    }

    /// The steps of spawning.
    public enum Step: Hashable, Sendable, CaseIterable {
        /// The request itself makes no sense.
        case request
        /// Looking up a user or a group.
        case account
        /// Finding the command in `PATH`.
        case search
        /// Opening a file for a standard stream.
        case open
        /// Making a pipe.
        case pipe
        /// Making the process.
        case clone
        /// Placing it into its control group.
        case controlGroup
        /// Setting its signal mask.
        case signals
        /// Giving it a process group.
        case processGroup
        /// Giving it a session.
        case session
        /// Placing a descriptor.
        case descriptor
        /// Closing all other descriptors.
        case closeOthers
        /// Taking the controlling terminal.
        case terminal
        /// Setting a resource limit.
        case resourceLimit
        /// Setting the niceness.
        case nice
        /// Setting the out-of-memory score.
        case oomScore
        /// Setting the supplementary groups.
        case groups
        /// Switching the group.
        case group
        /// Switching the user.
        case user
        /// Entering the working directory.
        case directory
        /// Asking for the parent-death signal.
        case parentDeath
        /// Renouncing new privileges.
        case noNewPrivileges
        /// Executing the program.
        case execute
    }

    /// “cannot …: reason; what to do”.
    public var description: String {
        let object = subject.isEmpty ? "" : " \(subject)"
        let advice = advice.map { "; \($0)" } ?? ""
        let reason = step == .account && errno == ENOENT ? "there is none" : SystemError.text(errno)
        return "cannot \(step.attempt)\(object): \(reason)\(advice)"
    }

    /// What usually helps, where something usually does.
    private var advice: String? {
        switch (step, errno) {
        case (.account, ENOENT): "create it, or name another one"
        case (.search, _): "install it, or give its full path"
        case (.execute, ENOENT): "is the path right, and the interpreter in its first line?"
        case (.execute, EACCES): "is it an executable file (chmod +x), in directories that the user may enter?"
        case (.execute, ENOEXEC): "is it a script without a first line such as #!/bin/sh?"
        case (.execute, E2BIG): "make the arguments and the environment smaller"
        case (.execute, EAGAIN), (.clone, EAGAIN): "too many processes; raise the limit of processes or tasks"
        case (.clone, ENOSYS): "Linux 5.4 or later is needed"
        case (.directory, ENOENT): "create it, or correct the path"
        case (.processGroup, EPERM): "is there such a group in this session?"
        case (.directory, EACCES): "the child's user may not enter it"
        case (.user, EPERM), (.group, EPERM), (.groups, EPERM): "only root may run as another user"
        case (.resourceLimit, EPERM), (.nice, EACCES), (.nice, EPERM), (.oomScore, EACCES):
            "only root may ask for more than the parent has"
        case (.descriptor, EBADF): "it is not open"
        case (.terminal, ENOTTY): "it is no terminal"
        case (.controlGroup, ENOENT), (.controlGroup, ENODEV): "the group was removed meanwhile"
        case (.controlGroup, EACCES), (.controlGroup, EPERM): "was the group delegated to this user?"
        case (.controlGroup, EBUSY): "a group with controllers enabled for its children takes no processes"
        case (_, EMFILE), (_, ENFILE): SystemError.shortageAdvice(errno)
        case (_, ENOMEM): "memory is short"
        case (_, _): nil
        }
    }
}

extension SpawnError.Step {
    /// The words after “cannot”, to which the subject is added.
    var attempt: String {
        switch self {
        case .request: "spawn with"
        case .account: "find"
        case .search: "find the command"
        case .open: "open"
        case .pipe: "make a pipe for"
        case .clone: "make a new process for"
        case .controlGroup: "place the process into its control group, descriptor"
        case .signals: "set the signal mask of"
        case .processGroup: "give a process group to"
        case .session: "give a session to"
        case .descriptor: "pass on the descriptor"
        case .closeOthers: "close the other descriptors for"
        case .terminal: "take as controlling terminal the descriptor"
        case .resourceLimit: "set the limit of"
        case .nice: "set the niceness to"
        case .oomScore: "set the out-of-memory score adjustment to"
        case .groups: "set the supplementary groups to"
        case .group: "switch to group"
        case .user: "switch to user"
        case .directory: "change to the directory"
        case .parentDeath: "ask for the parent-death signal"
        case .noNewPrivileges: "renounce new privileges for"
        case .execute: "execute"
        }
    }

    /// The step that the C side names.
    init(_ step: roost_spawn_step) {
        self =
            switch step {
            case ROOST_SPAWN_CLONE: .clone
            case ROOST_SPAWN_CGROUP: .controlGroup
            case ROOST_SPAWN_SIGNALS: .signals
            case ROOST_SPAWN_PROCESS_GROUP: .processGroup
            case ROOST_SPAWN_SESSION: .session
            case ROOST_SPAWN_DESCRIPTOR: .descriptor
            case ROOST_SPAWN_CLOSE_OTHERS: .closeOthers
            case ROOST_SPAWN_TERMINAL: .terminal
            case ROOST_SPAWN_RESOURCE_LIMIT: .resourceLimit
            case ROOST_SPAWN_NICE: .nice
            case ROOST_SPAWN_OOM_SCORE: .oomScore
            case ROOST_SPAWN_GROUPS: .groups
            case ROOST_SPAWN_GROUP: .group
            case ROOST_SPAWN_USER: .user
            case ROOST_SPAWN_DIRECTORY: .directory
            case ROOST_SPAWN_PARENT_DEATH: .parentDeath
            case ROOST_SPAWN_NO_NEW_PRIVILEGES: .noNewPrivileges
            case ROOST_SPAWN_EXECUTE: .execute
            default: preconditionFailure("the child named the unknown step \(step.rawValue)")
            }
    }
}
