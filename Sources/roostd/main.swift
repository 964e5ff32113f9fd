import ArgumentParser
import ControlProtocol
import SupervisorRuntime

/// The command line of the daemon. What it does is in `SupervisorRuntime`.
struct Roostd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roostd",
        abstract: "Keeps processes alive, as a configuration file says.",
        discussion: """
            Runs in the foreground and logs to standard error. SIGTERM and SIGINT stop everything in order, a second \
            one at once; SIGHUP applies the configuration; SIGUSR2 reopens the logs.

            Exit status: 0 after an orderly stop, 1 when it could not start or go on, 2 for a configuration with \
            errors, 64 for wrong options.
            """,
        version: "roostd \(RoostVersion.current)")

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "/etc/roost/roost.toml"

    @Option(
        help: ArgumentHelp("Check a configuration file, say all that is wrong with it, and exit.", valueName: "file"))
    var check: String?

    func run() throws {
        if let check {
            throw ExitCode(Launch.check(check))
        }
        throw ExitCode(Launch.supervise(config))
    }
}

Roostd.main()
