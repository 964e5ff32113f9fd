/// A signal's number on Linux, with its name.
package struct Signal: Hashable, Sendable, CustomStringConvertible {
    package let number: Int32

    /// - Precondition: `number` is 1…64.
    package init(number: Int32) {
        precondition((1...64).contains(number), "signals are 1 to 64")
        self.number = number
    }

    /// Accepts "TERM", "SIGTERM", "term" and "15"; nil for anything that is no signal.
    package init?(name text: String) {
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        if let index = Signal.names.firstIndex(of: name) {
            self.number = Int32(index) + 1
        } else if let number = Int32(name), (1...64).contains(number) {
            self.number = number
        } else {
            return nil
        }
    }

    package static let hangUp = Signal(number: 1)
    package static let interrupt = Signal(number: 2)
    package static let kill = Signal(number: 9)
    package static let terminate = Signal(number: 15)

    /// The name without "SIG", such as "TERM"; the number for a realtime signal.
    package var name: String {
        let index = Int(number) - 1
        return index < Signal.names.count ? Signal.names[index] : "\(number)"
    }

    package var description: String { "SIG\(name)" }

    /// By number, from 1. The numbers are those of x86 and arm; MIPS, Alpha and SPARC differ and are not supported.
    package static let names = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ]
}
