import Linux
import Threading

/// Those who wait for something, in shared memory: each in a slot of its own, so that exactly the ones meant are woken.
///
/// While it waits, a thread holds the lock of its slot. So whoever looks at the slot can tell a thread that waits from
/// one that was killed waiting, without asking for process ids, which may be used again.
///
/// All but `park` is called with the lock held that guards what is waited for.
@safe struct WaiterTable: @unchecked Sendable {
    /// What the word of a slot says. Anything from `firstAnswer` on is what the waiter was told.
    private enum Word {
        static let free: UInt32 = 0
        /// Waits, and has not gone to sleep yet.
        static let awake: UInt32 = 1
        /// Waits, and may be in the kernel.
        static let asleep: UInt32 = 2
    }

    /// The least number that `answer` takes.
    static let firstAnswer: UInt32 = 8
    private static let slotSize = 128
    private static let headSize = 64

    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    /// Whether an answer that a dead one had got goes to another one.
    private let passesOn: Bool

    /// The most waiters that a table is made for.
    static let greatest = 1 << 20

    /// How much room a table for `capacity` waiters takes.
    static func size(_ capacity: Int) -> Int { headSize + slotSize * capacity }

    init(in region: SharedRegion, at offset: Int, capacity: Int, passesOn: Bool = false) {
        unsafe base = region.start + offset
        self.capacity = capacity
        self.passesOn = passesOn
    }

    /// Makes an empty table of zeroed memory.
    func make() throws(SharedMemoryError) {
        for slot in 0..<capacity { try mutex(slot).make() }
    }

    /// Takes a slot, behind all others; nil if all are taken.
    func enlist() -> Int? {
        let used = usedSlots
        var found = (0..<used).first { word($0).value == Word.free }
        if found == nil, used < capacity { found = used }
        if found == nil {
            buryDead()
            found = (0..<usedSlots).first { word($0).value == Word.free } ?? (usedSlots < capacity ? usedSlots : nil)
        }
        guard let slot = found else { return nil }
        // Free for certain: whoever had it is gone, or has given it back with the lock held.
        _ = mutex(slot).acquire()
        unsafe (base + 8).storeBytes(of: nextTicket + 1, as: UInt64.self)
        unsafe (address(slot) + 72).storeBytes(of: nextTicket, as: UInt64.self)
        if slot >= used { setUsedSlots(slot + 1) }
        word(slot).store(Word.awake)
        return slot
    }

    /// Sleeps until the slot got an answer or the deadline has passed. Without the lock.
    func park(_ slot: Int, until deadline: Deadline) {
        let word = word(slot)
        if Spinning.spin(until: { word.value >= WaiterTable.firstAnswer }) { return }
        guard word.exchange(Word.awake, for: Word.asleep) || word.value == Word.asleep else { return }
        while word.value == Word.asleep {
            if !word.wait(while: Word.asleep, until: deadline.nanoseconds) { return }
        }
    }

    /// The answer that the slot got, if any, without leaving it.
    func answer(of slot: Int) -> UInt32? {
        let value = word(slot).value
        return value >= WaiterTable.firstAnswer ? value : nil
    }

    /// Gives the slot back.
    ///
    /// - Returns: the answer that it got before; nil if none.
    func leave(_ slot: Int) -> UInt32? {
        let answer = answer(of: slot)
        word(slot).store(Word.free)
        mutex(slot).release()
        trim()
        return answer
    }

    /// Answers up to `count` of those who wait, those first that have waited longest, and wakes them. The dead are
    /// passed over.
    ///
    /// - Returns: how many.
    @discardableResult
    func answer(_ count: Int, with answer: UInt32) -> Int {
        guard count > 0, usedSlots > 0 else { return 0 }
        buryDead()
        return tell(count, answer)
    }

    private func tell(_ count: Int, _ answer: UInt32) -> Int {
        var slots = waiting
        if count < slots.count {
            slots.sort { ticket($0) < ticket($1) }
            slots.removeLast(slots.count - count)
        }
        for slot in slots {
            let word = word(slot)
            // In one step with the wake-up: whoever answers can be killed here, too.
            if !word.exchange(Word.awake, for: answer) { word.change(.set(Int32(answer))) }
        }
        return slots.count
    }

    /// Frees the slots of those who were killed while they waited, or before they had left. What these were told is
    /// told to others instead, where answers are passed on.
    ///
    /// - Parameter answered: whether to look only at those that have an answer.
    /// - Returns: how many of them had no answer yet.
    @discardableResult
    func buryDead(answered: Bool = false) -> Int {
        var dead = 0
        var lost = 0
        let least = answered ? WaiterTable.firstAnswer : Word.awake
        for slot in 0..<usedSlots where word(slot).value >= least {
            // Nobody but the waiter holds it for long. If it can be taken, the waiter is not there any more.
            guard mutex(slot).tryAcquire().isHeld else { continue }
            if word(slot).value < WaiterTable.firstAnswer { dead += 1 } else { lost += 1 }
            word(slot).store(Word.free)
            mutex(slot).release()
        }
        trim()
        if passesOn, lost > 0 { _ = tell(lost, WaiterTable.firstAnswer) }
        return dead
    }

    /// How many wait, without those who were killed.
    var count: Int {
        buryDead()
        return waiting.count
    }

    private var waiting: [Int] {
        (0..<usedSlots).filter { (Word.awake...Word.asleep).contains(word($0).value) }
    }

    private func trim() {
        var used = usedSlots
        while used > 0, word(used - 1).value == Word.free { used -= 1 }
        setUsedSlots(used)
    }

    /// No slot from here on is taken. Read from memory that others can write to, so never believed beyond the table.
    private var usedSlots: Int { unsafe min(Int(base.load(as: UInt32.self)), capacity) }
    private func setUsedSlots(_ count: Int) { unsafe base.storeBytes(of: UInt32(count), as: UInt32.self) }
    private var nextTicket: UInt64 { unsafe (base + 8).load(as: UInt64.self) }
    private func ticket(_ slot: Int) -> UInt64 { unsafe (address(slot) + 72).load(as: UInt64.self) }
    private func address(_ slot: Int) -> UnsafeMutableRawPointer {
        unsafe base + WaiterTable.headSize + slot * WaiterTable.slotSize
    }
    private func mutex(_ slot: Int) -> RobustMutex { unsafe RobustMutex(at: address(slot)) }
    private func word(_ slot: Int) -> SharedFutex { unsafe SharedFutex(at: address(slot) + 64) }
}
