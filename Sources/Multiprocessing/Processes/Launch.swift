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
        if program == nil, FunctionRegistry.current == nil { throw .notBegun }
        if let server = context.server { return try server.makeProcess(for: self) }
        let (ours, theirs) = try Launch.pair()
        let child = try execute(as: .worker, control: theirs)
        theirs.close()
        return (child, Connection(ours))
    }

    /// A worker's end of its connection, closed here as soon as it has it: else its death would not show at our end.
    typealias WorkerEnd = Connection

    /// Our end and the worker's.
    static func pair() throws(ProcessStartError) -> (SharedDescriptor, WorkerEnd) {
        do throws(SystemError) {
            let (ours, theirs) = try PacketSocket.pair()
            return (ours, Connection(theirs, directions: [.send, .receive], isStream: false, isShared: true))
        } catch {
            throw .connection(ConnectionError(error))
        }
    }

    /// Executes the program in a role, with one end of its connection.
    func execute(as role: Worker.Role, control: WorkerEnd) throws(ProcessStartError) -> ChildHandle {
        let theirs: SharedDescriptor
        do throws(ConnectionError) {
            theirs = try control.descriptor()
        } catch {
            throw .connection(error)
        }
        let number = Worker.controlNumber
        let shown = CommandLine.arguments.first ?? Launch.ownProgram
        let command = Command(["\(program ?? shown)", "\(role.rawValue): \(name)"]) {
            $0.executable = program ?? Launch.ownProgram
            $0.environment = .inherit.adding(Worker.marker, "\(role.rawValue):\(number)")
            $0.extraDescriptors = [.init(source: theirs.descriptor.raw, target: number)]
        }
        do throws(SpawnError) {
            let process = try spawn(SpawnRequest(command, input: input, output: output, error: error))
            withExtendedLifetime(theirs) {}
            let pid = process.pid
            return ChildHandle(pid: pid, descriptor: process.intoDescriptor())
        } catch {
            throw .spawn(error)
        }
    }
}
