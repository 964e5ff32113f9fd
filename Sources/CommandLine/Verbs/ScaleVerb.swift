import ArgumentParser
import ControlProtocol

struct ScaleVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Change how many instances workers have, until the next apply.",
        usage: "roostctl scale <worker>=<count> ...")

    /// `web=8`
    struct Target: ExpressibleByArgument {
        let worker: String
        let instances: Int

        init?(argument: String) {
            let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let instances = Int(parts[1]), instances >= 0 else { return nil }
            worker = String(parts[0])
            self.instances = instances
        }
    }

    @Argument(
        help: ArgumentHelp("A worker and its new number of instances, such as web=8.", valueName: "worker=count"),
        completion: .instanceNames)
    var targets: [Target]

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        var outcomes: [InstanceOutcome] = []
        for target in targets {
            let command = Command.scale(worker: target.worker, instances: target.instances, wait: waiting.command)
            outcomes += try session.ask(command, ActionResult.self).outcomes
        }
        try session.report(ActionResult(outcomes: outcomes), done: nil)
    }
}
