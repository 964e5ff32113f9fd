import Linux
import Threading

/// What an item of a `ShareableList` can be.
public enum ShareableItem: Hashable, Sendable {
    /// A whole number.
    case int(Int64)
    /// A floating-point number.
    case double(Double)
    /// A truth value.
    case bool(Bool)
    /// Nothing: Python's `None`.
    case none
    /// A text.
    case string(String)
    /// Bytes.
    case bytes([UInt8])

    /// How many bytes it needs in its slot.
    var size: Int {
        switch self {
        case .int, .double, .bool, .none: 8
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        }
    }
}

/// Why a `ShareableList` could not be made or changed.
public enum ShareableListError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no item at this place.
    case noSuchItem(index: Int, count: Int)
    /// The item is larger than its slot, which has the size of the first one there, rounded up to 8.
    case exceedsStorage(bytes: Int, slot: Int)
    /// Some process has written over the list.
    case damaged

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .noSuchItem(let index, let count):
            "cannot use item \(index) of the list: it has \(count); check the index before"
        case .exceedsStorage(let bytes, let slot):
            "cannot write the item: its \(bytes) bytes exceed the storage of \(slot) that its place has; make the list "
                + "with a longer one there"
        case .damaged: "cannot read the item: it is damaged; find the process that has overwritten it"
        }
    }
}

/// A list of fixed length in memory that processes share, of numbers, texts, bytes and nothing: Python's
/// `multiprocessing.shared_memory.ShareableList`.
///
///     let list = try ShareableList([.string("pear"), .int(3), .none])     // pass it like any value
///     try list.set(1, .double(3.5))               // another kind is fine, as long as it fits into the slot
///
/// A slot has the size of what is first put there, in bytes of UTF-8 (Python counts characters, and cuts off texts that
/// are not ASCII), rounded up to 8. What does not fit is an error and changes nothing. Items keep zeros at their end.
/// Each access takes the list's lock, so no item is ever seen half written.
public final class ShareableList: Codable, Sendable {
    /// How many items there are.
    public let count: Int
    private let region: SharedRegion
    private let lock: RobustMutex

    /// Before the data: for each slot its offset from the label, its size, and the length and kind of its item.
    private struct Slot {
        var offset: UInt64
        var size: UInt32
        var length: UInt32
        var kind: UInt64
    }

    private static let slots = SharedRegion.labelSize + RobustMutex.size
    private static let slotSize = MemoryLayout<Slot>.stride

    /// A list of these items, which may be none.
    ///
    /// - Throws: `SharedMemoryError` if there are no descriptors or no memory left.
    public init(_ items: [ShareableItem]) throws(SharedMemoryError) {
        count = items.count
        let sizes = items.map { max(8, ($0.size + 7) & ~7) }
        guard sizes.allSatisfy({ $0 <= Int32.max }) else {
            throw .refused(operation: "make a list with an item of more than 2 GiB", errno: 12)
        }
        var offset = ShareableList.slots + ShareableList.slotSize * items.count
        let data = sizes.reduce(0, +)
        region = try SharedRegion(
            .list, size: offset + data - SharedRegion.labelSize,
            shape: .init(first: UInt64(items.count), second: UInt64(data)))
        lock = RobustMutex(in: region, at: SharedRegion.labelSize)
        try lock.make()
        for (index, size) in sizes.enumerated() {
            unsafe slot(index).initialize(to: Slot(offset: UInt64(offset), size: UInt32(size), length: 0, kind: 0))
            unsafe write(
                items[index], index,
                in: UnsafeMutableRawBufferPointer(start: region.start + offset, count: size))
            offset += size
        }
    }

    /// Receives a list from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or this one is of something else.
    public init(from decoder: any Decoder) throws {
        region = try SharedRegion(
            from: decoder, .list,
            size: { shape in
                guard shape.first < 1 << 32, shape.second < 1 << 46 else { return nil }
                return ShareableList.slots - SharedRegion.labelSize + ShareableList.slotSize * Int(shape.first)
                    + Int(shape.second)
            })
        count = Int(region.shape.first)
        lock = RobustMutex(in: region, at: SharedRegion.labelSize)
    }

    /// Passes the list to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws { try region.encode(to: encoder) }

    /// The item at a place.
    ///
    /// - Throws: `ShareableListError.noSuchItem`.
    public func get(_ index: Int) throws(ShareableListError) -> ShareableItem {
        try check(index)
        _ = lock.acquire()
        defer { lock.release() }
        return try read(index)
    }

    /// Writes an item to a place, of whatever kind.
    ///
    /// - Throws: `ShareableListError.noSuchItem` or `exceedsStorage`; nothing has changed then.
    public func set(_ index: Int, _ item: ShareableItem) throws(ShareableListError) {
        try check(index)
        _ = lock.acquire()
        defer { lock.release() }
        let (_, data) = unsafe try storage(index)
        guard item.size <= data.count else { throw unsafe .exceedsStorage(bytes: item.size, slot: data.count) }
        unsafe write(item, index, in: data)
    }

    /// All items, as they are at one moment.
    ///
    /// - Throws: `ShareableListError.damaged`.
    public var items: [ShareableItem] {
        get throws(ShareableListError) {
            _ = lock.acquire()
            defer { lock.release() }
            var items: [ShareableItem] = []
            for index in 0..<count { items.append(try read(index)) }
            return items
        }
    }

    /// The first place of an item; nil if it is not in the list.
    ///
    /// - Throws: `ShareableListError.damaged`.
    public func firstIndex(of item: ShareableItem) throws(ShareableListError) -> Int? {
        try items.firstIndex(of: item)
    }

    /// How often an item is in the list.
    ///
    /// - Throws: `ShareableListError.damaged`.
    public func count(of item: ShareableItem) throws(ShareableListError) -> Int {
        try items.count { $0 == item }
    }

    private func check(_ index: Int) throws(ShareableListError) {
        guard (0..<count).contains(index) else { throw .noSuchItem(index: index, count: count) }
    }

    private func slot(_ index: Int) -> UnsafeMutablePointer<Slot> {
        unsafe region.place(ShareableList.slots + ShareableList.slotSize * index, as: Slot.self)
    }

    /// The head of a slot, read once, and its storage, which lies within the region whatever the head says: others may
    /// write there at any moment.
    private func storage(_ index: Int) throws(ShareableListError) -> (head: Slot, data: UnsafeMutableRawBufferPointer) {
        let head = unsafe slot(index).pointee
        let end = UInt64(ShareableList.slots + ShareableList.slotSize * count) + region.shape.second
        guard head.offset <= end, UInt64(head.size) <= end - head.offset, head.size >= 8, head.length <= head.size
        else {
            throw .damaged
        }
        let start = unsafe region.start + Int(head.offset)
        return unsafe (head, UnsafeMutableRawBufferPointer(start: start, count: Int(head.size)))
    }

    private func read(_ index: Int) throws(ShareableListError) -> ShareableItem {
        let (head, data) = unsafe try storage(index)
        let word = unsafe data.loadUnaligned(as: UInt64.self)
        switch head.kind {
        case 0: return .none
        case 1: return .int(Int64(bitPattern: word))
        case 2: return .double(Double(bitPattern: word))
        case 3: return .bool(word != 0)
        case 4, 5:
            // A copy of our own first: what is looked at must not change afterwards.
            let bytes = unsafe [UInt8](data.prefix(Int(head.length)))
            if head.kind == 5 { return .bytes(bytes) }
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .damaged }
            return .string(text)
        default: throw .damaged
        }
    }

    /// Writes an item that has room in `data`, the storage of this slot.
    private func write(_ item: ShareableItem, _ index: Int, in data: UnsafeMutableRawBufferPointer) {
        switch item {
        case .none: unsafe write(0, kind: 0, index, in: data)
        case .int(let number): unsafe write(UInt64(bitPattern: number), kind: 1, index, in: data)
        case .double(let number): unsafe write(number.bitPattern, kind: 2, index, in: data)
        case .bool(let value): unsafe write(value ? 1 : 0, kind: 3, index, in: data)
        case .string(let text): unsafe write([UInt8](text.utf8), kind: 4, index, in: data)
        case .bytes(let bytes): unsafe write(bytes, kind: 5, index, in: data)
        }
    }

    private func write(_ word: UInt64, kind: UInt64, _ index: Int, in data: UnsafeMutableRawBufferPointer) {
        unsafe data.storeBytes(of: word, as: UInt64.self)
        unsafe slot(index).pointee.kind = kind
        unsafe slot(index).pointee.length = 8
    }

    /// One that dies in here leaves nothing (`none`), and not half of an item.
    private func write(_ bytes: [UInt8], kind: UInt64, _ index: Int, in data: UnsafeMutableRawBufferPointer) {
        unsafe slot(index).pointee.kind = 0
        unsafe data.copyBytes(from: bytes)
        unsafe slot(index).pointee.length = UInt32(bytes.count)
        unsafe slot(index).pointee.kind = kind
    }
}
