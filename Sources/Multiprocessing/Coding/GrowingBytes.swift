import CLinux

/// A piece of memory that grows at its end, and is kept for the next parcel.
@safe struct GrowingBytes: ~Copyable {
    @unsafe private(set) var base: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 256) {
        unsafe base = .allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    deinit { unsafe base.deallocate() }

    var contents: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }

    /// Forgets everything behind `length`, which is at most `count`.
    mutating func truncate(to length: Int) {
        precondition(length <= count, "only what is there can be cut off")
        count = length
    }

    /// Room for `more` bytes at the end, which count from now on.
    @inline(__always) mutating func extend(by more: Int) -> UnsafeMutableRawPointer {
        let end = count
        if more > capacity - end { grow(to: end + more) }
        count = end + more
        return unsafe base + end
    }

    @inline(never) private mutating func grow(to least: Int) {
        let larger = max(least, capacity * 2)
        let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        unsafe memcpy(new, base, count)
        unsafe base.deallocate()
        unsafe base = new
        capacity = larger
    }

    @inline(__always) mutating func append(_ byte: UInt8) {
        unsafe extend(by: 1).storeBytes(of: byte, as: UInt8.self)
    }

    @inline(__always) mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        unsafe memcpy(extend(by: bytes.count), start, bytes.count)
    }

    @inline(__always) mutating func appendFixed<Number: BitwiseCopyable>(_ number: Number) {
        unsafe extend(by: MemoryLayout<Number>.size).storeBytes(of: number, as: Number.self)
    }

    @inline(__always) mutating func appendVariable(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// A length, and the UTF-8.
    @inline(__always) mutating func append(text: String) {
        var text = text
        text.withUTF8 { utf8 in
            appendVariable(UInt64(utf8.count))
            unsafe append(UnsafeRawBufferPointer(utf8))
        }
    }

    mutating func patch(_ number: UInt32, at place: Int) {
        precondition(place + 4 <= count, "only what is there can be changed")
        unsafe (base + place).storeBytes(of: number, as: UInt32.self)
    }

    /// Moves what is behind `place`, and puts `bytes` there.
    mutating func insert(_ bytes: UnsafeRawBufferPointer, at place: Int) {
        let tail = count - place
        precondition(tail >= 0, "only within what is there")
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        _ = unsafe extend(by: bytes.count)
        unsafe memmove(base + place + bytes.count, base + place, tail)
        unsafe memcpy(base + place, start, bytes.count)
    }
}
