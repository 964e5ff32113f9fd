@testable import Linux
@testable import SupervisorRuntime
import SupervisorCore
import Testing

/// Whose processes are, by what is in `/proc` at one moment.
@Suite struct ProcessScanTests {
    private let socket = "/run/roost.sock"

    private func process(
        _ pid: Int32, parent: Int32 = 1, session: Int32? = nil, state: Character = "S"
    ) throws -> ProcessStatistics {
        let session = session ?? pid
        let line = "\(pid) (some) name) \(state) \(parent) \(session) \(session) 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 77"
        return try #require(ProcessStatistics(line: line))
    }

    private func marks(_ worker: String, task: Bool = true, socket: String? = nil) -> ProcessScan.Marks {
        ProcessScan.Marks(socket: socket ?? self.socket, worker: worker, run: "\(worker):0#1", isTask: task)
    }

    private func found(_ scan: ProcessScan, sparing kept: Set<Int32> = []) -> [Int32] {
        scan.tasks({ $0.worker == "mail" && $0.socket == socket }, sparing: kept.contains).map(\.pid)
    }

    @Test func `children and sessions of what is marked are found, whatever they have in their environment`() throws {
        let processes = [
            try process(1000), try process(1001, parent: 1000), try process(1002, parent: 1001),
            try process(1003, session: 1000), try process(1004, parent: 1003, session: 1004), try process(1005),
        ]
        let scan = ProcessScan(processes: processes, marks: [1000: marks("mail")])
        #expect(found(scan) == [1000, 1001, 1002, 1003, 1004])
    }

    @Test func `a session that a marked process only happens to be in is left alone`() throws {
        let processes = [
            try process(900), try process(901, session: 900), try process(1000, parent: 900, session: 900),
        ]
        #expect(found(ProcessScan(processes: processes, marks: [1000: marks("mail")])) == [1000])
    }

    @Test func `workers, other queues and other daemons are not meant`() throws {
        let scan = ProcessScan(
            processes: try (1000...1003).map { try process($0) },
            marks: [
                1000: marks("mail", task: false), 1001: marks("other"), 1002: marks("mail", socket: "/run/b.sock"),
                1003: marks("mail"),
            ])
        #expect(found(scan) == [1003])
    }

    @Test func `what is kept is spared with what descends from it, and the dead are passed over`() throws {
        let processes = [
            try process(1000), try process(1001, parent: 1000, session: 1001),
            try process(1002, parent: 1001, session: 1001),
            try process(1003, parent: 1000, state: "Z"), try process(1004, parent: 1003),
        ]
        #expect(
            found(ProcessScan(processes: processes, marks: [1000: marks("mail")]), sparing: [1001]) == [1000, 1004])
    }

    @Test func `processes are foreign if they say so and none says the contrary`() throws {
        let scan = ProcessScan(processes: [], marks: [1: marks("mail"), 2: marks("mail", socket: "/run/b.sock")])
        #expect(scan.areForeign([2, 3], to: socket))
        #expect(!scan.areForeign([1, 2], to: socket))
        #expect(!scan.areForeign([3], to: socket))
    }

    @Test func `only names that are given to runs mean runs`() {
        let run = RunID(instance: InstanceID(worker: "mail", index: 0), number: 12)
        #expect(RunGroups.run(named: "0#12", of: "mail") == run)
        #expect(RunGroups.run(named: "0#12.2", of: "mail") == run)
        for name in ["0", "#1", "0#", "0#1.", "0#1.x", "0#1.2.3", "x#1", "0#1#2", "cgroup"] {
            #expect(RunGroups.run(named: name[...], of: "mail") == nil, "\(name)")
        }
    }
}
