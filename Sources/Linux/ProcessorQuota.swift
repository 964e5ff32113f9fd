/// How many processors this process can keep busy.
package enum ProcessorQuota {
    /// The processors that affinity and cpusets allow, or fewer where a control group has a quota of processor time; at
    /// least 1.
    package static var processors: Int {
        let allowed = Futex.processorCount
        guard let quota = quota() else { return allowed }
        return max(1, min(allowed, quota))
    }

    /// The least quota of our control group and those around it, in whole processors, rounded up.
    private static func quota() -> Int? {
        guard let group = try? ControlGroup.own() else { return nil }
        var path = group.path
        var least: Int?
        while path.hasPrefix("/sys/fs/cgroup") {
            if let text = try? BoundedFile.readText("\(path)/cpu.max", limit: 256), let found = processors(text) {
                least = min(least ?? found, found)
            }
            guard let slash = path.lastIndex(of: "/") else { break }
            path = String(path[..<slash])
        }
        return least
    }

    /// What `cpu.max` allows: “QUOTA PERIOD” in microseconds, or “max PERIOD”.
    package static func processors(_ text: String) -> Int? {
        let numbers = text.split { $0 == " " || $0 == "\n" }.map { Int($0) }
        guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else {
            return nil
        }
        return (quota + period - 1) / period
    }
}
