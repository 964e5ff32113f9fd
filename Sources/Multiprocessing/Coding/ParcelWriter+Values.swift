extension ParcelWriter {
    @inline(__always) func write(_ value: Bool) { bytes.append(value ? Tag.true : Tag.false) }

    @inline(__always) func writeNone() { bytes.append(Tag.none) }

    @inline(__always) func write(signed value: Int64) {
        if value >= 0 { return write(unsigned: UInt64(value)) }
        bytes.append(Tag.negative)
        bytes.appendVariable(UInt64(bitPattern: ~value))
    }

    @inline(__always) func write(unsigned value: UInt64) {
        if value < 0x80 { return bytes.append(UInt8(truncatingIfNeeded: value) | Tag.smallInteger) }
        bytes.append(Tag.positive)
        bytes.appendVariable(value)
    }

    @inline(__always) func write(_ value: Int128) {
        if let fitting = Int64(exactly: value) { return write(signed: fitting) }
        bytes.append(Tag.wideSigned)
        bytes.appendFixed(value)
    }

    @inline(__always) func write(_ value: UInt128) {
        if let fitting = UInt64(exactly: value) { return write(unsigned: fitting) }
        bytes.append(Tag.wideUnsigned)
        bytes.appendFixed(value)
    }

    @inline(__always) func write(_ value: Float) {
        bytes.append(Tag.float)
        bytes.appendFixed(value.bitPattern)
    }

    @inline(__always) func write(_ value: Double) {
        bytes.append(Tag.double)
        bytes.appendFixed(value.bitPattern)
    }

    @inline(__always) func write(_ value: String) {
        bytes.append(Tag.text)
        bytes.append(text: value)
    }

    func write(raw value: UnsafeRawBufferPointer) {
        bytes.append(Tag.bytes)
        bytes.appendVariable(UInt64(value.count))
        unsafe bytes.append(value)
    }

    func write(descriptor place: Int) {
        bytes.append(Tag.descriptor)
        bytes.appendVariable(UInt64(place))
    }

    /// Writes what needs no call of `encode(to:)`: the common plain types, which arrays and dictionaries hand over one
    /// by one as values of any type, and byte buffers, which would otherwise take a call for each byte.
    @unsafe @inline(__always) func writeDirectly<Value>(_ value: Value) -> Bool {
        if Value.self == Int.self {
            unsafe write(signed: Int64(unsafeBitCast(value, to: Int.self)))
        } else if Value.self == String.self {
            unsafe write(unsafeBitCast(value, to: String.self))
        } else if Value.self == Double.self {
            unsafe write(unsafeBitCast(value, to: Double.self))
        } else if Value.self == [UInt8].self {
            unsafe unsafeBitCast(value, to: [UInt8].self).withUnsafeBytes { unsafe write(raw: $0) }
        } else {
            return unsafe writeRarerDirectly(value)
        }
        return true
    }

    @unsafe private func writeRarerDirectly<Value>(_ value: Value) -> Bool {
        if Value.self == UInt8.self {
            unsafe write(unsigned: UInt64(unsafeBitCast(value, to: UInt8.self)))
        } else if Value.self == Bool.self {
            unsafe write(unsafeBitCast(value, to: Bool.self))
        } else if Value.self == Float.self {
            unsafe write(unsafeBitCast(value, to: Float.self))
        } else {
            return false
        }
        return true
    }
}
