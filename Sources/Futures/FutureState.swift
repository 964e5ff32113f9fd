/// How far a future has come. These are the states of `concurrent.futures.Future`; cancelled is one here, and not two.
public enum FutureState: Sendable, Hashable {
    /// Nobody has begun to work on it.
    case pending
    /// Somebody works on it; it can no longer be cancelled.
    case running
    /// Cancelled before anybody began. Nothing more will happen to it.
    case cancelled
    /// It has a value or an error.
    case finished
}

/// The word of memory in which a future keeps how far it has come, and who is to be told.
///
///     pending ──▶ running ──▶ finished            begin, then publish
///        └──────▶ cancelled                       cancel
///
/// Whoever takes it out of `pending` is the only one who may write the result and take it on.
@usableFromInline internal struct FutureWord: Equatable {
    @usableFromInline internal var bits: UInt32

    @inlinable internal init(bits: UInt32) { self.bits = bits }

    private static let stateMask: UInt32 = 3
    private static let running: UInt32 = 1
    // The two ways to be done have a bit in common, for which code in other modules looks.
    internal static let finished: UInt32 = 2
    internal static let cancelled: UInt32 = 3
    /// A thread may be sleeping on the word.
    internal static let sleepers: UInt32 = 4
    /// Somebody is to be called: see `Audience`.
    internal static let listeners: UInt32 = 8
    /// The work was asked to stop.
    internal static let stop: UInt32 = 16
    /// The number of the worker that runs it, from this bit on; 0 for nobody in particular.
    private static let workerShift: UInt32 = 8
    internal static let workers = 1 << (32 - workerShift)

    @inlinable internal var isDone: Bool { bits & 2 != 0 }
    internal var isPending: Bool { bits & FutureWord.stateMask == 0 }
    internal var isRunning: Bool { bits & FutureWord.stateMask == FutureWord.running }
    @inlinable internal var isCancelled: Bool { bits & 3 == 3 }
    internal var worker: UInt32 { bits >> FutureWord.workerShift }

    internal func has(_ flag: UInt32) -> Bool { bits & flag != 0 }
    internal func with(_ flag: UInt32) -> FutureWord { FutureWord(bits: bits | flag) }

    /// What a pending word becomes when a worker begins.
    internal func begun(by worker: UInt32) -> FutureWord {
        FutureWord(bits: bits | FutureWord.running | worker << FutureWord.workerShift)
    }

    internal var state: FutureState {
        switch bits & FutureWord.stateMask {
        case FutureWord.running: .running
        case FutureWord.finished: .finished
        case FutureWord.cancelled: .cancelled
        case _: .pending
        }
    }
}
