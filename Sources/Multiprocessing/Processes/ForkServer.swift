import Linux
import Subprocesses

final class ForkServer: Sendable {
    let program: String?
    init(program: String?) { self.program = program }
    func start() throws(ProcessStartError) {}
    func stop() {}
    func makeProcess(
        for launch: Launch, control: SharedDescriptor, _ theirs: SharedDescriptor
    ) throws(ProcessStartError) -> ChildHandle { try launch.execute(as: .worker, control: theirs) }
}
enum Zygote {
    static func run(_ control: SharedDescriptor, _ registry: FunctionRegistry) -> Never {
        WorkerLife.run(Connection(control), registry)
    }
}
