import CLinux
import Threading

/// Keeps this process able to dump core although its children switch users.
///
/// A child that switches its user while it shares our memory makes that memory "not dumpable", and so it must stay
/// until the child has left: until then, it is what keeps the child's user from attaching a debugger to the child
/// and so to us. Hence the flag is given back only when no such child is under way on any thread.
enum CoreDumps {
    private struct State {
        var switchesUnderWay = 0
        var wasDumpable = false
    }

    private static let state = Monitor(State())

    static func userSwitchBegins() {
        state.withLock { state in
            if state.switchesUnderWay == 0 { state.wasDumpable = roost_prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1 }
            state.switchesUnderWay += 1
        }
    }

    static func userSwitchEnded() {
        state.withLock { state in
            state.switchesUnderWay -= 1
            // The kernel refuses only values that do not exist.
            if state.switchesUnderWay == 0 && state.wasDumpable { _ = roost_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) }
        }
    }
}
