import ControlProtocol

/// `status -w`: asks again whenever an event says that something changed, never by the clock.
struct StatusWatch {
    let names: [String]
    let session: Session

    func run() throws(Failure) {
        let interrupts = if let prompt = session.interrupts { prompt } else { try Interrupts() }
        if session.terminal.isTerminal, !session.printsJSON {
            // The alternate screen, without a cursor: what was there before comes back.
            try write("\u{1b}[?1049h\u{1b}[?25l")
            // Whatever ends us, and even when this is refused, the program must end with the terminal as it was.
            defer { try? write("\u{1b}[?25h\u{1b}[?1049l") }
            try follow(interrupts)
        } else {
            try follow(interrupts)
        }
    }

    private func follow(_ interrupts: Interrupts) throws(Failure) {
        var client = try ControlClient(path: session.socketPath)
        let filter = EventFilter(kinds: ["instance.*"])
        _ = try client.call(.subscribe(EventQuery(filter: filter)), SubscribeResult.self, interrupts: interrupts)
        while true {
            let status = try client.call(.status(names: names), StatusResult.self, interrupts: interrupts)
            try draw(status)
            // On a terminal the uptimes move on by the second; that asks roostd nothing.
            let tick: Int32? = session.terminal.isTerminal && !session.printsJSON ? 1000 : nil
            while try client.notification(milliseconds: tick, interrupts: interrupts) == nil { try draw(status) }
            // Events come in flocks: one look at the end of each is enough.
            while try client.notification(milliseconds: 20, interrupts: interrupts) != nil {}
        }
    }

    private func draw(_ status: StatusResult) throws(Failure) {
        let style = session.style
        guard session.terminal.isTerminal, !session.printsJSON else {
            return try session.show(status, StatusTable.text(status, now: Session.now, style: style) + "\n")
        }
        let lines = StatusTable.text(status, now: Session.now, style: style).split(
            separator: "\n", omittingEmptySubsequences: false)
        // No more than fits, for the screen would scroll; the last line is where the cursor rests.
        let shown = lines.prefix(max(1, (session.terminal.height ?? lines.count) - 1))
        try write("\u{1b}[H" + shown.map { "\($0)\u{1b}[K\n" }.joined() + "\u{1b}[J")
    }
}
