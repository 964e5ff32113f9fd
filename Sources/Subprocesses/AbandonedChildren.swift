import CLinux
import Linux
import Synchronization
import Threading

/// Children whose handle was dropped while they were running: nobody will wait for them, and yet none stays a zombie.
///
/// One thread waits for their ends and collects them; it is there only while there are such children. Where it cannot
/// be had (too many threads, no descriptor left), they are looked at whenever a process is spawned.
package enum AbandonedChildren {
    private struct State: ~Copyable {
        var children: [ChildHandle] = []
        /// Tells the thread that there are more; nil while there is no thread.
        var more: EventDescriptor?
    }

    private static let state = Monitor(State())
    /// Whether there may be any, for a look without the lock.
    private static let isEmpty = Atomic(true)

    package static func adopt(_ child: ChildHandle) {
        guard child.poll() == nil else { return }
        state.withLock { state in
            state.children.append(child)
            isEmpty.store(false, ordering: .relaxed)
            startThread(&state)
        }
    }

    /// Collects those that have ended, if no thread does.
    package static func sweep() {
        if isEmpty.load(ordering: .relaxed) { return }
        state.withLock { state in
            collect(&state)
            if !state.children.isEmpty { startThread(&state) }
        }
    }

    private static func collect(_ state: inout State) {
        state.children.removeAll { $0.poll() != nil }
        isEmpty.store(state.children.isEmpty, ordering: .relaxed)
    }

    private static func startThread(_ state: inout State) {
        if state.more != nil {
            state.more?.signal()
            return
        }
        guard let more = try? EventDescriptor() else { return }
        state.more = consume more
        do {
            // No signal of the program is its business.
            try KernelThread.withAllSignalsBlocked { () throws(SystemError) in
                try KernelThread.start(stackSize: 128 << 10) {
                    KernelThread.setName("reaper")
                    while waitForOne() {}
                }
            }
        } catch {
            state.more = nil
        }
    }

    /// Waits until one of them has ended, or there are more. False when there are none left, and so no thread either.
    private static func waitForOne() -> Bool {
        var watches: [Watch] = []
        let children = state.withLock { state in
            state.more?.drain()
            collect(&state)
            if state.children.isEmpty { state.more = nil }
            if let more = state.more?.raw { watches.append(Watch(more, .read)) }
            return state.children
        }
        if children.isEmpty { return false }
        watches += children.map { Watch($0.descriptor.raw, .read) }
        return withExtendedLifetime(children) { Watch.wait(&watches, until: nil) }
    }
}
