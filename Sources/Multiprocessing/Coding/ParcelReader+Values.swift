extension ParcelReader {
    func isNone(at place: Int) throws -> Bool { try byte(place) == Tag.none }

    func bool(at place: Int) throws -> Bool {
        switch try byte(place) {
        case Tag.true: true
        case Tag.false: false
        case _: throw mismatch(Bool.self, at: place)
        }
    }

    @inline(__always) func integer<Number: FixedWidthInteger>(
        _ type: Number.Type, at place: Int, limit: Int
    ) throws -> Number {
        let tag = try byte(place)
        if tag >= Tag.smallInteger { return Number(truncatingIfNeeded: tag & 0x7f) }
        let value: Number?
        switch tag {
        case Tag.positive: value = Number(exactly: try variable(place + 1).value)
        case Tag.negative: value = Number(exactly: ~Int64(bitPattern: try variable(place + 1).value))
        case Tag.wideSigned: value = Number(exactly: try fixed(place + 1, limit: limit, as: Int128.self))
        case Tag.wideUnsigned: value = Number(exactly: try fixed(place + 1, limit: limit, as: UInt128.self))
        case _: throw mismatch(type, at: place)
        }
        guard let value else { throw corrupt("a number does not fit \(type)") }
        return value
    }

    func double(at place: Int, limit: Int) throws -> Double {
        switch try byte(place) {
        case Tag.double: Double(bitPattern: try fixed(place + 1, limit: limit, as: UInt64.self))
        case Tag.float: Double(Float(bitPattern: try fixed(place + 1, limit: limit, as: UInt32.self)))
        case _: throw mismatch(Double.self, at: place)
        }
    }

    func float(at place: Int, limit: Int) throws -> Float {
        guard try byte(place) == Tag.float else { throw mismatch(Float.self, at: place) }
        return Float(bitPattern: try fixed(place + 1, limit: limit, as: UInt32.self))
    }

    func text(at place: Int, limit: Int) throws -> String {
        guard try byte(place) == Tag.text else { throw mismatch(String.self, at: place) }
        let utf8 = try unsafe piece(place + 1, limit: limit)
        guard let text = unsafe String(validating: utf8, as: UTF8.self) else { throw corrupt("a text is no UTF-8") }
        return text
    }

    /// Byte buffers; nil if it is something else, perhaps a list of numbers.
    private func byteBuffer(at place: Int, limit: Int) throws -> [UInt8]? {
        guard try byte(place) == Tag.bytes else { return nil }
        return unsafe [UInt8](try piece(place + 1, limit: limit))
    }

    /// The counterpart of `ParcelWriter.writeDirectly`; nil for all other types.
    @unsafe @inline(__always) func decodeDirectly<Value>(
        _ type: Value.Type, at place: Int, limit: Int
    ) throws -> Value? {
        if type == Int.self {
            unsafe unsafeBitCast(try integer(Int.self, at: place, limit: limit), to: Value.self)
        } else if type == String.self {
            unsafe unsafeBitCast(try text(at: place, limit: limit), to: Value.self)
        } else if type == Double.self {
            unsafe unsafeBitCast(try double(at: place, limit: limit), to: Value.self)
        } else {
            try unsafe decodeRarerDirectly(type, at: place, limit: limit)
        }
    }

    @unsafe private func decodeRarerDirectly<Value>(
        _ type: Value.Type, at place: Int, limit: Int
    ) throws -> Value? {
        if type == [UInt8].self {
            guard let bytes = try byteBuffer(at: place, limit: limit) else { return nil }
            return unsafe unsafeBitCast(bytes, to: Value.self)
        }
        if type == UInt8.self {
            return unsafe unsafeBitCast(try integer(UInt8.self, at: place, limit: limit), to: Value.self)
        }
        if type == Bool.self { return unsafe unsafeBitCast(try bool(at: place), to: Value.self) }
        if type == Float.self { return unsafe unsafeBitCast(try float(at: place, limit: limit), to: Value.self) }
        return nil
    }
}
