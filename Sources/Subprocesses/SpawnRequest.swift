/// A command and the three standard streams: all that `spawn` needs to know.
@dynamicMemberLookup
package struct SpawnRequest: Sendable {
    package var command: Command
    package var standardInput: StandardInput = .inherit
    package var standardOutput: StandardOutput = .inherit
    package var standardError: StandardError = .inherit

    /// A request with defaults for everything but the arguments.
    package init(_ arguments: [String]) { command = Command(arguments) }

    package init(
        _ command: Command, input: StandardInput = .inherit, output: StandardOutput = .inherit,
        error: StandardError = .inherit
    ) {
        self.command = command
        standardInput = input
        standardOutput = output
        standardError = error
    }

    /// The command's attributes, as if they were the request's own.
    package subscript<Value>(dynamicMember path: WritableKeyPath<Command, Value>) -> Value {
        get { command[keyPath: path] }
        set { command[keyPath: path] = newValue }
    }
}
