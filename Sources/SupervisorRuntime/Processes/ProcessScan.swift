import Glibc
import Linux

/// All processes as they are at one moment, and whose they are by the marks in their environment.
///
/// `/proc` is read once, each process's environment too, and whoever asks is answered from that.
struct ProcessScan {
    /// What roostd has put into the environment of a process, or of one that it descends from.
    struct Marks: Equatable {
        /// The control channel of the roostd.
        var socket: String
        var worker: String?
        var run: String?
        var isTask = false
    }

    let processes: [Int32: ProcessStatistics]
    let marks: [Int32: Marks]
    private var children: [Int32: [Int32]] = [:]
    private var sessions: [Int32: [Int32]] = [:]

    init(processes: [ProcessStatistics], marks: [Int32: Marks]) {
        self.processes = Dictionary(processes.map { ($0.pid, $0) }) { first, _ in first }
        self.marks = marks
        for process in processes {
            children[process.parent, default: []].append(process.pid)
            sessions[process.session, default: []].append(process.pid)
        }
    }

    /// - Throws: what keeps it from seeing all. A process that roostd may not look at has no marks.
    static func now() throws(SystemError) -> ProcessScan {
        var processes: [ProcessStatistics] = []
        var marks: [Int32: Marks] = [:]
        for pid in try ProcessFileSystem.processes() {
            guard let process = try unlessForbidden(pid, ProcessFileSystem.statistics) else { continue }
            processes.append(process)
            if pid != getpid(), !process.isZombie { marks[pid] = try unlessForbidden(pid, Self.marks) }
        }
        return ProcessScan(processes: processes, marks: marks)
    }

    private static func marks(of pid: Int32) throws(SystemError) -> Marks? {
        let names = ["ROOST_SOCKET", "ROOST_WORKER", "ROOST_RUN", "ROOST_TASK"]
        let values = try ProcessFileSystem.environmentValues(names, of: pid)
        guard let socket = values["ROOST_SOCKET"] else { return nil }
        return Marks(
            socket: socket, worker: values["ROOST_WORKER"], run: values["ROOST_RUN"],
            isTask: values["ROOST_TASK"] != nil)
    }

    private static func unlessForbidden<Value>(
        _ pid: Int32, _ look: (Int32) throws(SystemError) -> Value?
    ) throws(SystemError) -> Value? {
        do {
            return try look(pid)
        } catch  where error.errno == EACCES || error.errno == EPERM || error.errno == EFBIG {
            return nil
        }
    }

    // MARK: - Whose

    /// Live processes of tasks: those whose marks are meant, those in a session that one of these began, and all that
    /// descend from them.
    ///
    /// - Parameter isKept: names those that are left alone, with what descends from them alone.
    func tasks(_ isMeant: (Marks) -> Bool, sparing isKept: (Int32) -> Bool) -> [ProcessStatistics] {
        let marked = Set(marks.filter { $0.value.isTask && isMeant($0.value) }.keys)
        guard !marked.isEmpty else { return [] }
        // Not a session that a marked process merely happens to be in.
        let begun = Set(marked.compactMap { processes[$0]?.session }).filter { session in
            session > 1 && (marked.contains(session) || processes[session] == nil)
        }
        var seen: Set<Int32> = [1, getpid()]
        var next = (Array(marked) + begun.flatMap { sessions[$0] ?? [] }).filter { seen.insert($0).inserted }
        var found: [ProcessStatistics] = []
        while let pid = next.popLast() {
            guard !isKept(pid), let process = processes[pid] else { continue }
            if !process.isZombie { found.append(process) }
            next += (children[pid] ?? []).filter { seen.insert($0).inserted }
        }
        return found.sorted { $0.pid < $1.pid }
    }

    /// Whether these processes are all another roostd's, as far as they say whose they are.
    func areForeign(_ pids: [Int32], to socket: String) -> Bool {
        let owners = Set(pids.compactMap { marks[$0]?.socket })
        return !owners.isEmpty && !owners.contains(socket)
    }
}
