import CLinux

extension Command {
    /// Refuses what no kernel would be asked, or what it would understand as something else.
    func validate() throws(SpawnError) {
        if let problem { throw SpawnError(.request, problem, errno: EINVAL) }
    }

    /// What makes no sense, as the object of “cannot spawn with”.
    private var problem: String? {
        commandProblem ?? environment.problem() ?? descriptorProblem ?? attributeProblem
    }

    private var commandProblem: String? {
        guard let name = executable ?? arguments.first, !arguments.isEmpty else { return "no arguments" }
        if name.isEmpty { return "an empty command" }
        if let argument = arguments.first(where: { $0.utf8.contains(0) }) {
            return "the argument \(argument.debugDescription), which contains a NUL"
        }
        if name.utf8.contains(0) { return "the executable \(name.debugDescription), which contains a NUL" }
        if let directory, directory.utf8.contains(0) {
            return "the directory \(directory.debugDescription), which contains a NUL"
        }
        return nil
    }

    private var descriptorProblem: String? {
        // The kernel's own limit (fs.nr_open) is this by default.
        let allowed: Range<Int32> = 3..<1 << 20
        var seen: Set<Int32> = []
        for mapping in extraDescriptors {
            guard allowed.contains(mapping.target) else {
                return "the target descriptor \(mapping.target), which is not from 3 to \(allowed.upperBound - 1)"
            }
            guard seen.insert(mapping.target).inserted else { return "the target descriptor \(mapping.target) twice" }
        }
        if let pipeCapacity, !(1...Int(Int32.max)).contains(pipeCapacity) { return "the pipe capacity \(pipeCapacity)" }
        return nil
    }

    private var attributeProblem: String? {
        let signals: ClosedRange<Int32> = 1...64
        if let signal = blockedSignals.sorted().first(where: { !signals.contains($0) }) {
            return "the blocked signal \(signal), which does not exist"
        }
        if let parentDeathSignal, !signals.contains(parentDeathSignal) {
            return "the parent-death signal \(parentDeathSignal), which does not exist"
        }
        if case .join(let group) = processGroup, group <= 0 {
            return "the process group \(group), which does not exist"
        }
        if let umask, umask > 0o777 { return "the umask 0\(String(umask, radix: 8)), which has more than nine bits" }
        if let nice, !(-20...19).contains(nice) { return "the niceness \(nice), which is not from -20 to 19" }
        if let oomScoreAdjustment, !(-1000...1000).contains(oomScoreAdjustment) {
            return "the out-of-memory score adjustment \(oomScoreAdjustment), which is not from -1000 to 1000"
        }
        // To the kernel this id means "keep what you have", which would leave the child more than was meant.
        if let credentials, ([credentials.user, credentials.group] + credentials.supplementaryGroups).contains(.max) {
            return "the id \(UInt32.max), which is nobody's"
        }
        return nil
    }
}
