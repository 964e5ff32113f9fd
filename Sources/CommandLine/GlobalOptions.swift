import ArgumentParser
import SupervisorCore

/// What every verb takes.
struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The control channel of roostd. (default: $ROOST_SOCKET, or \(DaemonSettings.defaultSocket))",
            valueName: "path"),
        completion: .file())
    var socket: String?

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    var socketPath: String {
        if let socket { return socket }
        if let socket = environment("ROOST_SOCKET"), !socket.isEmpty { return socket }
        return DaemonSettings.defaultSocket
    }
}

/// What verbs take that ask for an outcome.
struct WaitOptions: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Wait until it is done.")
    var wait = true

    @Option(help: ArgumentHelp("Wait no longer than this.", valueName: "seconds"))
    var timeout: Double?

    func validate() throws {
        guard let timeout else { return }
        guard timeout > 0, timeout <= 31_536_000 else {
            throw ValidationError("--timeout is a number of seconds, more than 0 and no more than a year.")
        }
        guard wait else { throw ValidationError("--timeout says how long to wait, and --no-wait says not to.") }
    }
}
