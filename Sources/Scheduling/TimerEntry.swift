/// One timer as the wheel moves it about: everything that decides its turn, so that nothing else need be looked at.
struct TimerEntry: BitwiseCopyable, Sendable {
    let deadline: Int64
    /// Priority and insertion number in one comparable word.
    let key: UInt64
    let index: UInt32
    let generation: UInt32

    /// Signed nanoseconds in ticks of 2²⁰ ns, so that order is kept and nothing is negative.
    var tick: UInt64 { TimerEntry.tick(of: deadline) }

    @inline(__always)
    static func tick(of deadline: Int64) -> UInt64 { (UInt64(bitPattern: deadline) ^ (1 &<< 63)) &>> 20 }

    @inline(__always)
    static func < (left: TimerEntry, right: TimerEntry) -> Bool {
        left.deadline == right.deadline ? left.key < right.key : left.deadline < right.deadline
    }
}
