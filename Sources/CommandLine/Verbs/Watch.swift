import ControlProtocol
import Linux

/// `-w`: asks again whenever an event says that something changed, never by the clock.
struct Watch {
    /// Events come in flocks, and one look at the end of each is enough; but a flock may have no end.
    private static let flock: Int32 = 20
    private static let longestFlock: Int64 = 300_000_000

    /// Of events after which it looks different.
    let kinds: [String]
    let command: Command
    let session: Session

    /// Shows what the command is answered with, again and again.
    func run<Result: Codable>(_ type: Result.Type, _ text: (Result) -> String) throws(Failure) {
        let interrupts = if let prompt = session.interrupts { prompt } else { try Interrupts() }
        if session.terminal.isTerminal, !session.printsJSON {
            // The alternate screen, without a cursor: what was there before comes back.
            try write("\u{1b}[?1049h\u{1b}[?25l")
            // Whatever ends us, and even when this is refused, the program must end with the terminal as it was.
            defer { try? write("\u{1b}[?25h\u{1b}[?1049l") }
            try follow(type, text, interrupts)
        } else {
            try follow(type, text, interrupts)
        }
    }

    private func follow<Result: Codable>(
        _ type: Result.Type, _ text: (Result) -> String, _ interrupts: Interrupts
    ) throws(Failure) {
        var client = try ControlClient(path: session.socketPath)
        let filter = EventFilter(kinds: kinds)
        _ = try client.call(.subscribe(EventQuery(filter: filter)), SubscribeResult.self, interrupts: interrupts)
        while true {
            let result = try client.call(command, type, interrupts: interrupts)
            try draw(result, text)
            // On a terminal the times move on by the second; that asks roostd nothing.
            let tick: Int32? = session.terminal.isTerminal && !session.printsJSON ? 1000 : nil
            while try client.notification(milliseconds: tick, interrupts: interrupts) == nil { try draw(result, text) }
            let end = MonotonicClock.now() + Self.longestFlock
            while MonotonicClock.now() < end,
                try client.notification(milliseconds: Self.flock, interrupts: interrupts) != nil
            {}
        }
    }

    private func draw<Result: Codable>(_ result: Result, _ text: (Result) -> String) throws(Failure) {
        guard session.terminal.isTerminal, !session.printsJSON else {
            return try session.show(result, text(result) + "\n")
        }
        let lines = text(result).split(separator: "\n", omittingEmptySubsequences: false)
        // No more than fits, for the screen would scroll; the last line is where the cursor rests.
        let shown = lines.prefix(max(1, (session.terminal.height ?? lines.count) - 1))
        try write("\u{1b}[H" + shown.map { "\($0)\u{1b}[K\n" }.joined() + "\u{1b}[J")
    }
}
