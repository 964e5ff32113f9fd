import CLinux
import Synchronization

/// A number for each thread that no other thread of this process ever gets, unlike `pthread_self()` and `gettid()`.
package enum ThreadNumber {
    private static let made = Atomic<UInt>(0)
    /// Where a thread keeps its number, in place of a pointer; nothing is to be freed.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let refusal = unsafe pthread_key_create(&key, nil)
        precondition(refusal == 0, "cannot make a thread-specific key: \(SystemError.text(refusal))")
        return key
    }()

    /// That of the calling thread, at least 1.
    package static var current: UInt {
        if let kept = unsafe pthread_getspecific(key) { return UInt(bitPattern: kept) }
        let number = made.wrappingAdd(1, ordering: .relaxed).newValue
        let refusal = unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: number))
        precondition(refusal == 0, "cannot keep the number of a thread: \(SystemError.text(refusal))")
        return number
    }
}
