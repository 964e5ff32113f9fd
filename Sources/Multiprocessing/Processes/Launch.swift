import Linux
import Subprocesses
import Threading

/// Makes a worker, connected with this process, that waits for what it is to do.
struct Launch {
    let name: String
    let program: String?
    let input: StandardInput
    let output: StandardOutput
    let error: Subprocesses.StandardError

    /// This very program, even if its file was replaced meanwhile.
    static let ownProgram = "/proc/self/exe"

    func start(_ context: Context) throws(ProcessStartError) -> (ChildHandle, Connection) {
        if input == .pipe || output == .pipe || error == .pipe { throw .noPipes }
        let (ours, theirs): (SharedDescriptor, SharedDescriptor)
        do throws(SystemError) {
            (ours, theirs) = try PacketSocket.pair()
        } catch {
            throw .connection(ConnectionError(error))
        }
        let child: ChildHandle
        if let server = context.server {
            child = try server.makeProcess(for: self, control: ours, theirs)
        } else {
            child = try execute(as: .worker, control: theirs)
        }
        return (child, Connection(ours))
    }

    /// Executes the program in a role, with one end of its connection.
    func execute(as role: Worker.Role, control: SharedDescriptor) throws(ProcessStartError) -> ChildHandle {
        let number = Worker.controlNumber
        let shown = CommandLine.arguments.first ?? Launch.ownProgram
        let command = Command(["\(program ?? shown)", "\(role.rawValue): \(name)"]) {
            $0.executable = program ?? Launch.ownProgram
            $0.environment = .inherit.adding(Worker.marker, "\(role.rawValue):\(number)")
            $0.extraDescriptors = [.init(source: control.descriptor.raw, target: number)]
        }
        do throws(SpawnError) {
            let process = try spawn(SpawnRequest(command, input: input, output: output, error: error))
            withExtendedLifetime(control) {}
            let pid = process.pid
            return ChildHandle(pid: pid, descriptor: process.intoDescriptor())
        } catch {
            throw .spawn(error)
        }
    }
}
