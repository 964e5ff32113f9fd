import CLinux

/// One object for each thread, which is let go when its thread ends.
@safe package struct ThreadSpecific<Object: AnyObject>: Sendable {
    private let key: pthread_key_t

    /// A place in every thread. There is no way to give it back, so make it once, in a global.
    ///
    /// - Precondition: the process has not used up its 1,024 places.
    package init() {
        var key = pthread_key_t()
        let refusal = unsafe pthread_key_create(&key) { object in
            guard let object = unsafe object else { return }
            unsafe Unmanaged<AnyObject>.fromOpaque(object).release()
        }
        precondition(refusal == 0, "cannot make a thread-specific key: \(SystemError.text(refusal))")
        self.key = key
    }

    /// The calling thread's object; nil if it has none.
    package var value: Object? {
        guard let object = unsafe pthread_getspecific(key) else { return nil }
        return unsafe Unmanaged<Object>.fromOpaque(object).takeUnretainedValue()
    }

    /// Gives the calling thread its object, for the first and only time.
    package func set(_ object: Object) {
        let retained = unsafe Unmanaged.passRetained(object).toOpaque()
        let refusal = unsafe pthread_setspecific(key, retained)
        precondition(refusal == 0, "cannot keep an object for a thread: \(SystemError.text(refusal))")
    }
}
