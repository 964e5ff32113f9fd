// TH-024: waiting and notifying need the lock.
import Threading

func wait(for condition: Condition<Lock>) {
    condition.wait()  // error: has no member 'wait'
}

func notify(_ condition: Condition<Lock>) {
    condition.notify()  // error: has no member 'notify'
}
