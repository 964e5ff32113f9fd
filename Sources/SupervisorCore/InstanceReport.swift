package import Scheduling

/// One row of `status`: an instance as it is now.
package struct InstanceReport: Equatable, Sendable {
    package var instance: InstanceID
    package var state: InstanceState
    /// The main process of the run in hand, if there is one.
    package var pid: Int32?
    /// The number of the run in hand, or of the last one; nil before the first.
    package var run: UInt64?
    /// When the state was entered.
    package var since: Instant
    /// Automatic restarts since the last request to start.
    package var restarts: Int
    /// Failures that count towards giving up now.
    package var recentFailures: Int
    /// When a retry is due, in `backoff`.
    package var nextAttempt: Instant?
    /// What it waits for, in `waiting`; in `stopped`, if it is only held down by another worker, what that waits for.
    package var waitingFor: [String]
    package var lastExit: LastExit?
    /// Why it is in this state.
    package var reason: String

    package struct LastExit: Equatable, Sendable {
        package var run: UInt64
        /// Nil when it could not be spawned.
        package var status: ExitStatus?
        package var at: Instant

        package init(run: UInt64, status: ExitStatus?, at: Instant) {
            self.run = run
            self.status = status
            self.at = at
        }
    }
}
