import CLinux

/// A counter that becomes readable when another thread, or a signal handler, adds to it.
package struct EventDescriptor: ~Copyable, Sendable {
    private let descriptor: OwnedDescriptor

    package init() throws(SystemError) {
        let raw = try retrying("create an event descriptor") {
            eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        }
        descriptor = OwnedDescriptor(adopting: raw)
    }

    package var raw: Int32 { descriptor.raw }

    /// Wakes whoever waits. The only refusal is a full counter, and then the waiter is already woken.
    package borrowing func signal() {
        _ = eventfd_write(descriptor.raw, 1)
    }

    /// Adds as much as there is room for, as many wake-ups would that nobody takes.
    package borrowing func fill() {
        _ = eventfd_write(descriptor.raw, .max - 1)
    }

    /// Takes the wake-ups that have come so far.
    package borrowing func drain() {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor.raw, &count)
    }
}
