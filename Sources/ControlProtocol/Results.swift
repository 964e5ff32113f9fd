package import SupervisorCore

/// The answer to `unsubscribe` and `shutdown`: an empty object.
package struct EmptyResult: Codable, Equatable, Sendable {
    package init() {}
}

/// The answer to `start`, `stop`, `restart`, `signal`, `scale` and `clear`: what became of each instance.
package struct ActionResult: Codable, Equatable, Sendable {
    package var outcomes: [InstanceOutcome]

    package init(outcomes: [InstanceOutcome]) { self.outcomes = outcomes }

    package init(_ outcomes: [Reply.Outcome]) { self.outcomes = outcomes.map(InstanceOutcome.init) }
}

package struct InstanceOutcome: Codable, Equatable, Sendable {
    package var name: String
    package var result: Reply.Outcome.Result
    package var state: InstanceState
    package var message: String

    package init(_ outcome: Reply.Outcome) {
        name = outcome.instance.description
        result = outcome.result
        state = outcome.state
        message = outcome.message
    }
}

extension Reply.Outcome.Result: Codable {}

/// The answer to `logs`: the last lines of each.
package struct LogsResult: Codable, Equatable, Sendable {
    package var logs: [LogExcerpt]

    package init(logs: [LogExcerpt]) { self.logs = logs }
}

/// The last lines that an instance wrote. Bytes that are not UTF-8 have become U+FFFD.
package struct LogExcerpt: Codable, Equatable, Sendable {
    package var name: String
    package var stream: OutputStream
    package var lines: [String]
    /// Whether there were more lines than were given.
    package var truncated: Bool

    package init(name: String, stream: OutputStream, lines: [String], truncated: Bool) {
        self.name = name
        self.stream = stream
        self.lines = lines
        self.truncated = truncated
    }
}

/// The `params` of a `log` notification: new output, in whole lines where the worker writes whole lines.
package struct LogNotification: Codable, Equatable, Sendable {
    package var name: String
    package var stream: OutputStream
    package var text: String

    package init(name: String, stream: OutputStream, text: String) {
        self.name = name
        self.stream = stream
        self.text = text
    }
}

/// The answer to `why`: one story for each instance that the name means.
package struct WhyResult: Codable, Equatable, Sendable {
    package var stories: [Story]

    package init(stories: [Story]) { self.stories = stories }

    package struct Story: Codable, Equatable, Sendable {
        package var instance: InstanceStatus
        /// The instance's recent events, the oldest first.
        package var events: [EventNotification]
        /// The last lines of the run in hand, or of the last one.
        package var output: [LogExcerpt]

        package init(instance: InstanceStatus, events: [EventNotification], output: [LogExcerpt]) {
            self.instance = instance
            self.events = events
            self.output = output
        }
    }
}
