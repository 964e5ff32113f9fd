import Scheduling

/// `[queue.NAME]`: one-off commands that are run by a number of slots.
package struct QueueDefinition: Equatable, Sendable {
    package enum Order: String, Sendable, CaseIterable {
        /// In the order of submission.
        case fifo
        /// The newest first.
        case lifo
        /// The highest priority first; in the order of submission among equals.
        case priority
    }

    package enum Interruption: String, Sendable, CaseIterable {
        /// A task that roostd was torn from stays `interrupted`, for somebody to look at.
        case report
        /// It is queued again.
        case retry
    }

    package static let slotLimit = 1000
    package static let capacityLimit = 1_000_000
    package static let priorities = -1_000_000...1_000_000
    /// Interruptions after which even `on_interrupt = "retry"` lets a task be: it may be what takes the machine down.
    package static let interruptionLimit = 10
    /// Bytes of a task's command and environment.
    package static let taskSizeLimit = 128 << 10
    /// Bytes of all its unfinished tasks, and of those that they depend on; of all finished ones that are remembered.
    package static let bytesLimit = 64 << 20
    /// Bytes of all submissions that wait for room in it.
    package static let waitingBytesLimit = 16 << 20
    /// Tasks that one task may depend on.
    package static let dependencyLimit = 64

    package var name: String
    package var slots = 1
    package var order = Order.fifo
    /// How many unfinished tasks it takes.
    package var capacity = 10_000
    /// How many finished tasks are remembered.
    package var keep = 1000
    /// Of one attempt; nil is no limit.
    package var timeout: Duration?
    package var retry = RetryPolicy()
    /// Of tasks that name none.
    package var priority = 0
    package var onInterrupt = Interruption.report
    /// Whether tasks survive the daemon.
    package var durable = true
    /// Whether it starts paused.
    package var paused = false
    /// Exit codes that count as success.
    package var successCodes: [Int32] = [0]
    /// Which variables of the submitter a task gets: names, or patterns that end in `*`.
    package var submitterEnvironment: [String] = []
    /// Whether a task runs where it was submitted, unless `directory` is given.
    package var submitterDirectory = true
    /// Everything but the arguments, which are the task's.
    package var launch = LaunchSpecification(arguments: [])
    package var stop = StopPolicy()
    /// Paths may hold `{task}`.
    package var log = LogPolicy()

    package init(name: String) {
        self.name = name
        log.output = "tasks/{worker}/{task}.log"
        // Each of perhaps a thousand tasks has one.
        log.rotateSize = 10 << 20
        log.keep = 1
    }
}

/// `retry = { … }`: what comes after an attempt that failed.
package struct RetryPolicy: Equatable, Sendable {
    /// In all; 1 never tries again.
    package var attempts = 1
    /// Before the second attempt.
    package var delay = Duration.seconds(1)
    package var factor = 2.0
    package var maxDelay = Duration.seconds(300)
    /// A fraction: each delay is drawn from ± this much of itself. 0…1.
    package var jitter = 0.1

    package init() {}

    var backoff: Backoff { Backoff(first: delay, factor: factor, ceiling: maxDelay, jitter: jitter) }
}
