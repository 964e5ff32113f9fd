import CLinux

/// The memory of this process.
package enum ProcessMemory {
    /// Gives back what only the start of the program needed: free heap, and the pages of code that it ran through once.
    ///
    /// Code is mapped from its file and never written, so a page that is needed again comes back from the page cache.
    /// Measured on roostd with 100 workers: 10.1 MiB of proportional set size before, 6.0 MiB after.
    package static func shrink() {
        _ = malloc_trim(0)
        guard let maps = try? BoundedFile.readText("/proc/self/maps", limit: 1 << 20) else { return }
        for line in maps.split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count == 6, fields[1] == "r-xp", fields[5].contains("/") else { continue }
            let bounds = fields[0].split(separator: "-").compactMap { UInt(String($0), radix: 16) }
            guard bounds.count == 2, bounds[0] < bounds[1] else { continue }
            _ = unsafe madvise(
                UnsafeMutableRawPointer(bitPattern: bounds[0]), Int(bounds[1] - bounds[0]), MADV_DONTNEED)
        }
    }
}
