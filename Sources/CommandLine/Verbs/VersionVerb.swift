import ArgumentParser
import ControlProtocol

struct VersionVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the versions of roostctl and of the roostd that runs.")

    /// Both versions; roostd's is absent when it cannot be reached.
    struct Versions: Encodable {
        let roostctl = RoostVersion.current
        var roostd: DaemonStatus?
    }

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        do {
            let daemon = try session.ask(.version, DaemonStatus.self)
            let lines = "roostctl \(RoostVersion.current)\nroostd \(daemon.version) (pid \(daemon.pid))\n"
            try session.show(Versions(roostd: daemon), lines)
        } catch {
            try session.show(Versions(), "roostctl \(RoostVersion.current)\n")
            throw error
        }
    }
}
