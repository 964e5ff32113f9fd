import ControlProtocol
import Linux
import Reactor
import SupervisorCore

/// A run that exists: its process, its descriptors, and who watches it. Owned by the process table.
final class LiveRun {
    let id: RunID
    let context: LaunchContext
    let pid: Int32
    let process: ProcessDescriptor
    /// In which it was born, if cgroups are used.
    let cgroup: ControlGroup?
    var exitSource: EventLoop.Source?
    /// Its exit status has been collected, so its pid may mean another process from now on.
    var isReaped = false
    var streams: [RunStream] = []
    var notifySocket: NotifySocket?
    /// Of the pipe on which it says that it is ready; the child's end is the child's alone, so that its end shows.
    var newlineReader: OwnedDescriptor?
    var readiness: ReadinessWatch?
    var health: HealthWatch?
    /// Of a process of a pool: where its tasks and answers go.
    var lines: PoolLines?

    init(_ context: LaunchContext, pid: Int32, process: consuming ProcessDescriptor, cgroup: ControlGroup?) {
        id = context.run
        self.context = context
        self.pid = pid
        self.process = process
        self.cgroup = cgroup
    }

    var definition: WorkerDefinition { context.definition }
}

/// One stream of output of a run: its pump, and where in the log it began.
struct RunStream {
    let kind: OutputStream
    let pump: OutputPump
    let start: Int64
    let key: DrainKey
}

/// Tells the drains of finished runs apart.
final class DrainKey {
    /// The path of a sink that is to be given back.
    let borrowed: String?
    /// Whose task it is of, if of one.
    let queue: String?

    init(borrowed: String? = nil, queue: String? = nil) {
        self.borrowed = borrowed
        self.queue = queue
    }
}

/// A pipe from a child to roostd.
final class ChildPipe {
    private var reader: OwnedDescriptor?
    /// For the child. Open for reading too, so that a child that writes while no roostd is there waits instead of
    /// dying of SIGPIPE; the reader still sees the end of file once no child holds this end.
    let childEnd: OwnedDescriptor

    init() throws(SystemError) {
        let pipe = try Pipe(nonblocking: .reader)
        childEnd = try FileSystem.open("/proc/self/fd/\(pipe.writer.raw)", .readAndWrite)
        reader = pipe.split { reader, _ in reader }
    }

    /// The end that roostd reads; once.
    func takeReader() -> OwnedDescriptor? { reader.take() }
}
