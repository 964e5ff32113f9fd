import CLinux
import Synchronization

/// The process in which something was set up, for what C code may call in a copy that `fork` has made of it.
///
/// Such a copy has one thread. What the others were in the middle of stays locked in it for ever, also within Swift's
/// runtime; so it may do hardly more than to ask this before it leaves everything alone.
package final class HomeProcess: Sendable {
    private let id = Atomic<Int32>(0)

    package init() {}

    /// It is this process from now on.
    package func settle() { id.store(getpid(), ordering: .relaxed) }

    /// Whether it was ever said which process it is.
    package var isSettled: Bool { id.load(ordering: .relaxed) != 0 }

    /// Whether this is that process, and no copy of it. Takes no lock and allocates nothing.
    package var isHere: Bool { id.load(ordering: .relaxed) == getpid() }
}
