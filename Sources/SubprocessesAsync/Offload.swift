import Linux
import Subprocesses

/// Does what blocks on a thread of its own, so that the threads of Swift concurrency, of which there are only as many
/// as processors, are not held up. Where no thread can be had, it is done at once and in place.
func onThreadOfItsOwn<Value: Sendable>(_ body: sending @escaping () -> Value) async -> Value {
    let work = Work(body)
    return await withCheckedContinuation { continuation in
        do throws(SystemError) {
            try KernelThread.start(stackSize: 256 << 10) {
                KernelThread.setName("subprocess")
                continuation.resume(returning: work.body())
            }
        } catch {
            continuation.resume(returning: work.body())
        }
    }
}

/// Runs once, on whichever thread gets it.
private final class Work<Value: Sendable>: Sendable {
    nonisolated(unsafe) let body: () -> Value

    init(_ body: sending @escaping () -> Value) { self.body = body }
}

/// Tells a thread that is blocked that its task was cancelled.
final class Interruption: Sendable {
    private let event: EventDescriptor

    init() throws(SubprocessError) {
        do throws(SystemError) {
            event = try EventDescriptor()
        } catch {
            throw .pipe(ProcessError(error))
        }
    }

    var raw: Int32 { event.raw }

    func signal() { event.signal() }
}
