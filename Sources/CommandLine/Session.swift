import ControlProtocol
import Glibc

/// What every verb works with: where roostd is, and how to speak to the user.
struct Session {
    let socketPath: String
    let printsJSON: Bool
    /// Nil lets Ctrl-C end the program, as it does for one that has nothing to put back.
    let interrupts: Interrupts?
    let terminal = Terminal()

    init(_ options: GlobalOptions, interrupts: Interrupts?) {
        socketPath = options.socketPath
        printsJSON = options.json
        self.interrupts = interrupts
    }

    var style: Style { terminal.style }

    /// One request on a connection of its own.
    func ask<Result: Decodable>(_ command: Command, _ type: Result.Type) throws(Failure) -> Result {
        var client = try ControlClient(path: socketPath)
        return try client.call(command, type, interrupts: interrupts)
    }

    /// Prints a result: as one line of JSON if that is wanted, else as text.
    func show(_ result: some Encodable, _ text: @autoclosure () -> String) throws(Failure) {
        try write(printsJSON ? Frame.json(result) + "\n" : text())
    }

    /// The wall clock, now.
    static var now: Timestamp {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Timestamp(nanoseconds: Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec))
    }
}
