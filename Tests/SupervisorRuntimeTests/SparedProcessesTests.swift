import Glibc
import Linux
import Subprocesses
import Testing

@testable import SupervisorRuntime

@Suite struct SparedProcessesTests {
    @Test func `what was there before is spared, and what came later is not`() throws {
        let earlier = try spawn(SpawnRequest(["sleep", "100"]))
        defer { end(earlier) }
        var spared = SparedProcesses(descendantsOf: getpid())
        let later = try spawn(SpawnRequest(["sleep", "100"]))
        defer { end(later) }
        #expect(spared.contains(earlier.pid))
        #expect(!spared.contains(later.pid))
        spared.remove(earlier.pid)
        #expect(!spared.contains(earlier.pid))
    }

    private func end(_ child: borrowing SpawnedProcess) {
        _ = try? child.send(signal: SIGKILL)
        _ = try? child.wait()
    }
}
