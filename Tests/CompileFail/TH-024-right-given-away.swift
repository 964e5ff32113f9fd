// TH-024: the right to wait and to notify, which the lock gives, cannot be given to another thread.
import Threading

func giveTheRightAway(_ condition: Condition<Lock>) throws {
    try condition.withLock { (held: borrowing Held<Lock>) throws(any Error) -> Void in  // error: captured by an
        let thief = try Thread { held.notify() }  // error: passing closure as a 'sending' parameter risks
        try thief.join()
    }
}
