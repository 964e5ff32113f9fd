import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .timeLimit(.minutes(2))) struct LockTests {
    @Test func `TH-010 a timeout of zero tries once`() {
        let lock = Lock()
        #expect(lock.acquire(timeout: .zero))
        #expect(!lock.acquire(timeout: .zero))
        #expect(!lock.acquire(timeout: .seconds(-1)))
        lock.release()
    }
}
