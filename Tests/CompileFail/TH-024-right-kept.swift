// TH-024: the right to wait and to notify, which the lock gives, cannot be kept.
import Threading

func keepTheRight(_ condition: Condition<Lock>) {
    var kept: Held<Lock>?
    condition.withLock { held in  // error: 'held' is borrowed and cannot be consumed
        kept = consume held
    }
    _ = consume kept
}
