package import ArgumentParser
import ControlProtocol

/// The command line: parses, runs, and turns every end into an exit status.
package struct Roostctl: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "roostctl",
        abstract: "Drive roostd, the process supervisor.",
        discussion: """
            Without a subcommand it reads commands from the terminal, with history and completion, or one a line from \
            standard input.

            Names are those of workers (web), of instances (web:0, web:*), of groups (@site, site:*), or all. \
            Tasks have numbers.

            EXIT STATUS:
            \(Exit.meanings.map { "  \($0.exit.rawValue)\($0.exit.rawValue < 10 ? "    " : "  ")\($0.meaning)" }
                .joined(separator: "\n"))
            submit --wait exits with the status of the command.
            """,
        version: RoostVersion.current,
        subcommands: [
            StatusVerb.self, StartVerb.self, StopVerb.self, RestartVerb.self, SignalVerb.self, ScaleVerb.self,
            ClearVerb.self, PlanVerb.self, ApplyVerb.self, LogsVerb.self, EventsVerb.self, WhyVerb.self, CheckVerb.self,
            SubmitVerb.self, CallVerb.self, MapVerb.self, TasksVerb.self, WaitVerb.self, ResultVerb.self,
            CancelVerb.self, RetryVerb.self,
            PauseVerb.self, ResumeVerb.self, NextVerb.self, VersionVerb.self, ShutdownVerb.self, CompletionVerb.self,
        ])

    @OptionGroup var options: GlobalOptions

    package init() {}

    /// Runs one command line and says what is to be said.
    ///
    /// - Parameter arguments: nil for one that is no text, which must not run another command than was typed.
    package static func run(_ arguments: [String?]) -> Exit {
        settle { () throws in
            if let bad = arguments.firstIndex(of: nil) {
                throw Failure(.usage, "cannot pass on argument \(bad + 1): it is not UTF-8; put it into a script")
            }
            let arguments = arguments.compactMap { $0 }
            let command = try parseAsRoot(arguments)
            if let root = command as? Roostctl {
                try CommandReader(options: root.options).run()
            } else {
                try run(command, interrupts: nil)
            }
        }
    }

    /// Runs one line of the prompt. Its errors never end the prompt.
    static func run(words: [String], socketPath: String, interrupts: Interrupts?) -> Exit {
        settle { () throws in
            var words = words
            // As if it had been said with the command; if the command says it too, that comes later and wins.
            if words.first != "help" { words.insert(contentsOf: ["--socket", socketPath], at: 1) }
            try run(try parseAsRoot(words), interrupts: interrupts)
        }
    }

    private static func run(_ command: any ParsableCommand, interrupts: Interrupts?) throws {
        guard let verb = command as? any Verb else {
            // One of ArgumentParser's own, such as help.
            var command = command
            return try command.run()
        }
        try verb.run(in: Session(verb.options, interrupts: interrupts))
    }

    private static func settle(_ body: () throws -> Void) -> Exit {
        do {
            try body()
            return .success
        } catch let failure as Failure {
            say(failure.message.isEmpty ? "" : "roostctl: \(failure.message)\n", to: 2)
            return failure.exit
        } catch {
            // ArgumentParser's errors: help that was asked for is one too.
            let isClean = exitCode(for: error).isSuccess
            let message = fullMessage(for: error)
            say(message.isEmpty ? "" : "\(message)\n", to: isClean ? 1 : 2)
            return isClean ? .success : .usage
        }
    }

    private static func say(_ text: String, to fd: Int32) {
        // When even this cannot be written there is nobody left to tell.
        try? write(text, to: fd)
    }
}
