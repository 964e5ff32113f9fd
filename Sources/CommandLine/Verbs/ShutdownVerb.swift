import ArgumentParser
import ControlProtocol

struct ShutdownVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "shutdown", abstract: "Stop all instances in order, then roostd itself.",
        discussion: "Said again while it goes on, it hastens: what is left is killed at once.")

    @Flag(inversion: .prefixedNo, help: "Wait until roostd is gone.")
    var wait = true

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        var client = try ControlClient(path: session.socketPath)
        let result = try client.call(.shutdown, EmptyResult.self, interrupts: session.interrupts)
        if wait { try client.waitForEnd(interrupts: session.interrupts) }
        try session.show(result, wait ? "roostd has stopped\n" : "roostd is stopping\n")
    }
}
