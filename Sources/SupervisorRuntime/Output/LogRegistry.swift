package import Linux
package import Reactor

/// All log sinks of the daemon, one for each path.
package final class LogRegistry {
    private let loop: EventLoop
    private let discard: Discard
    private let peek: LogPeek
    private let report: (LogNews) -> Void
    private var sinks: [String: LogSink] = [:]
    /// How many streams of tasks use a path. There are too many of them over time to keep each until it is forgotten.
    private var borrowers: [String: Int] = [:]

    /// - Parameter report: is told what an operator should hear.
    package init(loop: EventLoop, report: @escaping (LogNews) -> Void) throws(SystemError) {
        self.loop = loop
        self.report = report
        discard = try Discard()
        peek = try LogPeek()
    }

    /// The sink for `target`; nil means that output is not kept.
    ///
    /// Workers that name the same path share its file, with the settings that came last.
    package func sink(for target: LogTarget?) -> LogSink {
        guard let target else { return make(nil) }
        if let known = sinks[target.path] {
            known.configure(target)
            return known
        }
        let sink = make(target)
        sinks[target.path] = sink
        return sink
    }

    private func make(_ target: LogTarget?) -> LogSink {
        LogSink(target, loop: loop, discard: discard, peek: peek, report: report)
    }

    /// The sink for a task's output, until as many have given it back as have borrowed it.
    func borrow(_ target: LogTarget?) -> LogSink {
        if let target { borrowers[target.path, default: 0] += 1 }
        return sink(for: target)
    }

    func giveBack(_ path: String) {
        guard let count = borrowers[path] else { return }
        borrowers[path] = count > 1 ? count - 1 : nil
        if count == 1 { sinks[path] = nil }
    }

    /// A sink to read from, which is not kept if nobody writes to it. Nil when there is no file.
    func sinkForReading(_ target: LogTarget) -> LogSink? {
        if let known = sinks[target.path] { return known }
        return FileSystem.exists(target.path) ? make(target) : nil
    }

    /// Opens every target anew.
    package func reopenAll() {
        // In order of path, so that two days' reports read alike.
        for path in sinks.keys.sorted() { sinks[path]?.reopen() }
    }

    /// Lets go of the sinks that no worker names any more. One that a pump still uses lives until that pump ends.
    package func keepOnly(_ paths: Set<String>) {
        sinks = sinks.filter { paths.contains($0.key) || borrowers[$0.key] != nil }
    }
}
