/// What a wheel keeps for each index: what the timer carries, and how often the index was used.
///
/// Both lie together, because whoever needs the payload has just looked at the generation, and memory is what a million
/// timers wait for.
struct TimerRecord<Payload> {
    /// Comes first: its address is the record's.
    var payload: Payload?
    /// Counts up when the index is taken and when it is freed: odd while its timer waits.
    var generation: UInt32
}

/// The owner of the records of one wheel, without the type of what they carry.
@usableFromInline
@safe class TimerTableOwner {
    fileprivate let base: UnsafeMutableRawPointer
    fileprivate let capacity: Int
    fileprivate let stride: Int
    fileprivate let generationOffset: Int
    /// How many records are initialized.
    fileprivate var count = 0

    fileprivate init(base: UnsafeMutableRawPointer, capacity: Int, stride: Int, generationOffset: Int) {
        unsafe self.base = unsafe base
        self.capacity = capacity
        self.stride = stride
        self.generationOffset = generationOffset
    }

    /// A new owner of copies of all records, or of none.
    fileprivate func copy(capacity: Int, empty: Bool = false) -> TimerTableOwner { self }

    /// A new owner of the records themselves; this one has none any more.
    fileprivate func move(capacity: Int) -> TimerTableOwner { self }
}

/// The owner of the records of one wheel: destroys and frees them.
@safe final class PayloadTableOwner<Payload>: TimerTableOwner {
    private typealias Record = TimerRecord<Payload>

    private var records: UnsafeMutablePointer<Record> { unsafe base.assumingMemoryBound(to: Record.self) }

    init(capacity: Int) {
        let records = UnsafeMutablePointer<Record>.allocate(capacity: capacity)
        guard let offset = MemoryLayout<Record>.offset(of: \.generation) else {
            preconditionFailure("a stored property has an offset")
        }
        unsafe super.init(
            base: records, capacity: capacity, stride: MemoryLayout<Record>.stride, generationOffset: offset)
    }

    fileprivate override func copy(capacity: Int, empty: Bool) -> TimerTableOwner {
        let new = PayloadTableOwner(capacity: capacity)
        guard !empty else { return new }
        unsafe new.records.initialize(from: records, count: count)
        new.count = count
        return new
    }

    fileprivate override func move(capacity: Int) -> TimerTableOwner {
        let new = PayloadTableOwner(capacity: capacity)
        unsafe new.records.moveInitialize(from: records, count: count)
        new.count = count
        count = 0
        return new
    }

    deinit {
        unsafe records.deinitialize(count: count)
        unsafe records.deallocate()
    }
}

/// The records of a wheel, as its core sees them: generations, and the places of payloads.
@usableFromInline
@safe struct TimerTable {
    private var owner: TimerTableOwner
    @usableFromInline private(set) var base: UnsafeMutableRawPointer
    @usableFromInline private(set) var stride: Int
    private var generationOffset: Int
    private var capacity: Int

    init(_ owner: TimerTableOwner) {
        self.owner = owner
        unsafe base = owner.base
        stride = owner.stride
        generationOffset = owner.generationOffset
        capacity = owner.capacity
    }

    /// How often an index was taken and freed.
    subscript(generation index: Int) -> UInt32 {
        @inline(__always) get {
            assert(index >= 0 && index < capacity)
            return unsafe base.load(fromByteOffset: index &* stride &+ generationOffset, as: UInt32.self)
        }
        @inline(__always) nonmutating set {
            assert(index >= 0 && index < capacity)
            unsafe base.storeBytes(
                of: newValue, toByteOffset: index &* stride &+ generationOffset, as: UInt32.self)
        }
    }

    /// Makes room for the record of a new index. The caller initializes both of its parts.
    @inline(__always)
    mutating func append(_ index: Int) {
        if index == capacity { self = TimerTable(owner.move(capacity: max(16, 2 * capacity))) }
        owner.count = index &+ 1
    }

    /// Makes room for `capacity` records at least.
    mutating func reserve(_ capacity: Int) {
        if capacity > self.capacity { self = TimerTable(owner.move(capacity: capacity)) }
    }

    /// Whether no other wheel has these records, too.
    @inline(__always)
    mutating func isUnique() -> Bool { isKnownUniquelyReferenced(&owner) }

    /// Gets copies of its own.
    mutating func copy() { self = TimerTable(owner.copy(capacity: capacity)) }

    /// Lets go of all records and of their memory.
    mutating func removeAll() { self = TimerTable(owner.copy(capacity: 0, empty: true)) }

    /// Where the payload of an index is, or is to be.
    @inlinable
    func payload<Payload>(_ index: UInt32, of type: Payload.Type) -> UnsafeMutablePointer<Payload?> {
        unsafe (base + Int(index) &* stride).assumingMemoryBound(to: Payload?.self)
    }
}
