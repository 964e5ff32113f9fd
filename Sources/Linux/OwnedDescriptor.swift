import CLinux

/// A file descriptor with exactly one owner, closed when the owner is gone.
///
/// Being non-copyable, it can neither be closed twice nor leaked by an early `throw`.
package struct OwnedDescriptor: ~Copyable, Sendable {
    package let raw: Int32

    /// Takes over a descriptor that nobody else will close.
    package init(adopting raw: Int32) {
        precondition(raw >= 0, "a descriptor is at least 0")
        self.raw = raw
    }

    deinit { _ = close(raw) }

    /// Gives up ownership; the caller must close the result.
    package consuming func release() -> Int32 {
        let raw = self.raw
        discard self
        return raw
    }

    /// A second descriptor for the same open file, close-on-exec.
    package borrowing func duplicate() throws(SystemError) -> OwnedDescriptor {
        let raw = self.raw
        let copy = try retrying("duplicate a descriptor") { roost_fcntl(raw, F_DUPFD_CLOEXEC, 3) }
        return OwnedDescriptor(adopting: copy)
    }
}
