import Testing
import ToolkitTesting

/// What happens to pools when the program ends.
@Suite(.leavesNothing, .watchdog) struct EndingTests {
    @Test func `FU-016 the end of the program waits for a pool that was shut down without waiting`() throws {
        let ending = try Ending(of: "pool-at-exit")
        #expect(ending.code == 0 && ending.errors.isEmpty)
        #expect(ending.output.sorted() == ["task 0", "task 1", "task 2", "task 3"])
    }

    @Test func `idle workers of a pool that nobody shuts down do not keep the program from ending`() throws {
        let ending = try Ending(of: "idle-pool-at-exit")
        #expect(ending.code == 0 && ending.errors.isEmpty)
    }

    @Test func `a program that is ending submits nothing any more`() throws {
        let ending = try Ending(of: "submit-at-exit")
        #expect(ending.code == 0)
        #expect(ending.output.count == 2 && ending.output.allSatisfy { $0.contains("was shut down") })
    }

    @Test func `what is waited for when the program ends is still done`() throws {
        let ending = try Ending(of: "exit-while-awaited")
        #expect(ending.code == 0 && ending.output == ["got 7"])
    }

    @Test func `a worker may end the program`() throws {
        #expect(try Ending(of: "worker-exits-program").code == 4)
    }
}
