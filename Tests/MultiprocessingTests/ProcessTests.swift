import Foundation
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct ProcessTests {
    @Test func `a function runs in another process and its result comes back`() throws {
        try TestContext.each { context in
            let process = try Process(Tasks.square, 12, in: context)
            #expect(try process.result(of: Tasks.square) == 144)
            #expect(try process.join() == .exited(code: 0))
        }
    }
}
