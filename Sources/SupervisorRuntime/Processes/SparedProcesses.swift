import Linux

/// Processes that are left alone at the end. A pid alone may come to mean another process, so each has its start time.
struct SparedProcesses {
    private var startTimes: [Int32: UInt64] = [:]

    /// What roostd had below it before it began, inherited from a program that became roostd by exec.
    init(descendantsOf pid: Int32) {
        for next in ProcessFileSystem.descendants(of: [pid]) { insert(next) }
    }

    mutating func insert(_ pid: Int32) { startTimes[pid] = Self.startTime(of: pid) }

    mutating func remove(_ pid: Int32) { startTimes[pid] = nil }

    /// Forgets those that are gone without having been collected here.
    mutating func prune() { startTimes = startTimes.filter { Self.startTime(of: $0.key) == $0.value } }

    func contains(_ pid: Int32) -> Bool { startTimes[pid].map { $0 == Self.startTime(of: pid) } ?? false }

    private static func startTime(of pid: Int32) -> UInt64? { (try? ProcessFileSystem.statistics(of: pid))?.startTime }
}
