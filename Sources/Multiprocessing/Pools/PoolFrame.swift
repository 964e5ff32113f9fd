import Linux

/// What precedes each task on its way to a worker, and each answer on its way back.
///
///     kind     4 bytes     what it is
///     length   4           how many bytes follow: the function's name, and the values
///     serial   8           which task, in the order in which the worker got them
///     count    4           how many inputs or outcomes there are
///     name     2           how long the function's name is
///     handles  2           how many descriptors are its own, of those that came with the packet
///     time     8           how many nanoseconds the work took
///
/// Several frames may be in one packet.
struct PoolFrame {
    enum Kind: UInt32 {
        /// To the worker: do this, unless it was recalled.
        case work = 1
        /// To the worker: do this before anything else, and say whether you are ready.
        case initializer
        /// To the pool: what came of a task.
        case answer
        /// To the pool: ready to work.
        case ready
        /// To the pool: the initializer failed.
        case broken
    }

    static let size = 32
    static let serialPlace = 8

    let kind: Kind
    var length = 0
    var serial: UInt64 = 0
    var count = 0
    var nameLength = 0
    var descriptorCount = 0
    var nanoseconds: UInt64 = 0

    init(_ kind: Kind) { self.kind = kind }

    /// Reads the frame that begins at `start`; nil if there is none, or not all of it.
    init?(in packet: UnsafeRawBufferPointer, at start: Int) {
        guard packet.count - start >= PoolFrame.size else { return nil }
        func number<Number: FixedWidthInteger & BitwiseCopyable>(_ place: Int, _: Number.Type) -> Number {
            unsafe packet.loadUnaligned(fromByteOffset: start + place, as: Number.self)
        }
        guard let kind = Kind(rawValue: number(0, UInt32.self)) else { return nil }
        self.kind = kind
        length = Int(number(4, UInt32.self))
        serial = number(8, UInt64.self)
        count = Int(number(16, UInt32.self))
        nameLength = Int(number(20, UInt16.self))
        descriptorCount = Int(number(22, UInt16.self))
        nanoseconds = number(24, UInt64.self)
        guard length <= packet.count - start - PoolFrame.size, nameLength <= length else { return nil }
    }

    /// Writes it to the beginning of what the writer has.
    ///
    /// - Throws: `EncodingError` if what follows is longer than a frame can be.
    func write(into writer: ParcelWriter) throws {
        let rest = writer.bytes.count - PoolFrame.size
        guard let length = UInt32(exactly: rest), let count = UInt32(exactly: count) else {
            throw writer.failure((), "it has more than 4 GiB")
        }
        guard let name = UInt16(exactly: nameLength), let descriptors = UInt16(exactly: descriptorCount) else {
            throw writer.failure((), "it has more than \(UInt16.max) handles, or the name of its function is as long")
        }
        let base = unsafe writer.bytes.base
        unsafe base.storeBytes(of: kind.rawValue, toByteOffset: 0, as: UInt32.self)
        unsafe base.storeBytes(of: length, toByteOffset: 4, as: UInt32.self)
        unsafe base.storeBytes(of: serial, toByteOffset: PoolFrame.serialPlace, as: UInt64.self)
        unsafe base.storeBytes(of: count, toByteOffset: 16, as: UInt32.self)
        unsafe base.storeBytes(of: name, toByteOffset: 20, as: UInt16.self)
        unsafe base.storeBytes(of: descriptors, toByteOffset: 22, as: UInt16.self)
        unsafe base.storeBytes(of: nanoseconds, toByteOffset: 24, as: UInt64.self)
    }
}

/// A task, encoded by whoever submitted it.
struct PoolWork: Sendable {
    /// The frame, the name of the function, and the arguments; the serial number is not there yet.
    let bytes: [UInt8]
    let descriptors: [SharedDescriptor]

    /// Encodes a task for a function.
    ///
    /// - Parameter write: writes the arguments, and says how many there are.
    init(_ kind: PoolFrame.Kind, _ name: String, with writer: ParcelWriter, _ write: () throws -> Int) throws {
        writer.reset()
        _ = unsafe writer.bytes.extend(by: PoolFrame.size)
        var name = name
        var frame = PoolFrame(kind)
        name.withUTF8 { utf8 in
            unsafe writer.bytes.append(UnsafeRawBufferPointer(utf8))
            frame.nameLength = utf8.count
        }
        defer { writer.reset() }
        frame.count = try write()
        descriptors = writer.takeDescriptors()
        frame.descriptorCount = descriptors.count
        try frame.write(into: writer)
        bytes = unsafe [UInt8](writer.bytes.contents)
    }
}
