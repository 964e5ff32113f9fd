import Linux
import Synchronization
import Threading

/// How a wait for a future ended.
@usableFromInline internal enum WaitEnding {
    case done
    case tooLate
    case wouldDeadlock
}

extension AnyFuture {
    @usableFromInline internal final func waitUntilDone(_ timeout: Duration?) -> WaitEnding {
        waitUntilDone(Deadline(after: timeout))
    }

    /// Waits until it is done, in whichever thread.
    ///
    /// A worker of the pool that is to do the work does it at once, if nobody has begun: it would wait for itself
    /// otherwise. Not so if there is a limit, because work cannot be left halfway.
    internal final func waitUntilDone(_ deadline: Deadline) -> WaitEnding {
        if isDone { return .done }
        if deadline.isImmediate { return .tooLate }
        if let worker = Worker.current { return worker.wait(for: self, until: deadline) }
        return sleepUntilDone(deadline) ? .done : .tooLate
    }

    /// Waits as a thread that has nothing else to do.
    internal final func sleepUntilDone(_ deadline: Deadline) -> Bool {
        if Spinning.spin(until: { isDone }) { return true }
        while true {
            let before = current
            if before.isDone { return true }
            let announced = before.with(FutureWord.sleepers)
            if announced != before {
                let exchange = word.weakCompareExchange(
                    expected: before.bits, desired: announced.bits, ordering: .relaxed)
                if !exchange.exchanged { continue }
            }
            if !Futex.wait(on: word, while: announced.bits, until: deadline.nanoseconds) { return isDone }
        }
    }
}
