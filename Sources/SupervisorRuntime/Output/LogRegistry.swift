package import Linux
package import Reactor

/// All log sinks of the daemon, one for each path.
package final class LogRegistry {
    private let loop: EventLoop
    private let discard: Discard
    private let peek: LogPeek
    private let report: (LogNews) -> Void
    private var sinks: [String: LogSink] = [:]

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

    /// Opens every target anew.
    package func reopenAll() {
        // In order of path, so that two days' reports read alike.
        for path in sinks.keys.sorted() { sinks[path]?.reopen() }
    }

    /// Lets go of the sinks that no worker names any more. One that a pump still uses lives until that pump ends.
    package func keepOnly(_ paths: Set<String>) {
        sinks = sinks.filter { paths.contains($0.key) }
    }
}
