import CLinux
import Linux

/// Encodes values into one growing piece of memory.
///
/// Values within values are frames on a stack; a container may be written to only while its frame is the last one,
/// which is checked by a serial number. What Codable allows to be written out of order (`nestedContainer`,
/// `superEncoder`) gets a writer of its own, a fragment, which is put in its place when the frame ends.
final class ParcelWriter {
    struct Frame {
        let serial: UInt64
        /// Where the value begins.
        let start: Int
        var tag: UInt8?
        var count: UInt32 = 0
        /// Whether the value was an optional one, as whose absence nothing else may be written.
        let type: any Any.Type
        let key: (any CodingKey)?
        /// How many descriptors there were before it.
        let descriptors: Int
    }

    private struct Fragment {
        let frame: UInt64
        let place: Int
        let writer: ParcelWriter
    }

    var bytes = GrowingBytes()
    private var frames: [Frame] = []
    /// The serial number of the last frame; 0 when there is none.
    private(set) var current: UInt64 = 0
    private var lastSerial: UInt64 = 0
    private var fragments: [Fragment] = []
    /// The writer of the whole parcel, for a fragment.
    private let root: ParcelWriter?
    private let outerPath: [any CodingKey]
    private let depth: Int
    private var table: [SharedDescriptor] = []
    /// Why the parcel cannot be made, found out where nothing can be thrown.
    private var refusal: EncodingError?

    init() {
        root = nil
        outerPath = []
        depth = 0
    }

    private init(within parent: ParcelWriter, key: any CodingKey) {
        root = parent.root ?? parent
        outerPath = parent.path + [key]
        depth = parent.depth + parent.frames.count
    }

    var path: [any CodingKey] { outerPath + frames.compactMap(\.key) }

    /// Encodes a whole value behind what is there.
    func encode<Value: Encodable>(_ value: Value) throws {
        do {
            try write(value, key: nil)
        } catch {
            reset()
            throw error
        }
    }

    /// Forgets everything, but keeps the memory.
    func reset() {
        bytes.truncate(to: 0)
        frames.removeAll(keepingCapacity: true)
        fragments.removeAll()
        table.removeAll()
        refusal = nil
        current = 0
    }

    func takeDescriptors() -> [SharedDescriptor] {
        defer { table = [] }
        return table
    }

    /// The place of a descriptor in the table; the same one is passed once.
    func add(_ descriptor: SharedDescriptor) -> Int {
        if let root { return root.add(descriptor) }
        if let place = table.firstIndex(where: { $0 === descriptor }) { return place }
        table.append(descriptor)
        return table.count - 1
    }

    // MARK: - Frames

    func write<Value: Encodable>(_ value: Value, key: (any CodingKey)?) throws {
        if unsafe writeDirectly(value) { return }
        guard depth + frames.count < Tag.deepest else {
            throw tooDeep(value)
        }
        if depth + frames.count > Tag.shallow, roost_stack_left() < Tag.leastStack {
            throw failure(value, "its values are deeper in each other than the stack of this thread allows")
        }
        let serial = push(Value.self, key: key)
        do {
            try value.encode(to: FrameEncoder(writer: self, serial: serial))
            try finishFrame(value)
        } catch {
            unwind(to: serial)
            throw error
        }
    }

    @discardableResult
    private func push(_ type: any Any.Type, key: (any CodingKey)?) -> UInt64 {
        lastSerial += 1
        let descriptors = (root ?? self).table.count
        frames.append(Frame(serial: lastSerial, start: bytes.count, type: type, key: key, descriptors: descriptors))
        current = lastSerial
        return lastSerial
    }

    /// Takes back what a value wrote that threw an error.
    private func unwind(to serial: UInt64) {
        while let frame = frames.last, frame.serial >= serial {
            frames.removeLast()
            bytes.truncate(to: frame.start)
            (root ?? self).dropDescriptors(from: frame.descriptors)
        }
        fragments.removeAll { $0.frame >= serial }
        current = frames.last?.serial ?? 0
        if frames.isEmpty { refusal = nil }
    }

    /// Handles of a value that is not sent are not sent either.
    private func dropDescriptors(from count: Int) {
        if table.count > count { table.removeLast(table.count - count) }
    }

    private func finishFrame<Value>(_ value: Value) throws {
        if let refusal = (root ?? self).refusal { throw refusal }
        guard let frame = frames.last else { return }
        if !fragments.isEmpty { try splice(frame) }
        switch frame.tag {
        case nil:
            bytes.append(Tag.unit)
        case Tag.list?, Tag.keyed?:
            guard let length = UInt32(exactly: bytes.count - frame.start - Tag.keyedHeader) else {
                throw failure(value, "it has more than 4 GiB")
            }
            bytes.patch(length, at: frame.start + 1)
            if frame.tag == Tag.list { bytes.patch(frame.count, at: frame.start + Tag.keyedHeader) }
        case _:
            break
        }
        frames.removeLast()
        current = frames.last?.serial ?? 0
    }

    private func splice(_ frame: Frame) throws {
        // From the last to the first, so that the places of the others stay true.
        while let last = fragments.last, last.frame == frame.serial {
            fragments.removeLast()
            try last.writer.close()
            unsafe bytes.insert(last.writer.bytes.contents, at: last.place)
        }
    }

    /// Ends a fragment: nobody can write to it any more.
    private func close() throws {
        while !frames.isEmpty { try finishFrame(()) }
    }

    // MARK: - For the containers

    /// Begins a list or a structure, or goes on with it: a class and its base class may share one.
    func open(_ tag: UInt8, serial: UInt64) -> Bool {
        let last = frames.count - 1
        guard serial == current, last >= 0 else { return false }
        if let before = frames[last].tag { return before == tag }
        frames[last].tag = tag
        bytes.append(tag)
        bytes.appendFixed(UInt32(0))
        if tag == Tag.list { bytes.appendFixed(UInt32(0)) }
        return true
    }

    /// Marks the frame as one with a single value, which it can have only once.
    @inline(__always) func beginSingle(serial: UInt64) throws {
        let last = frames.count - 1
        guard serial == current, frames[last].tag == nil else { throw stale() }
        frames[last].tag = Tag.some
    }

    @inline(__always) func beginElement(serial: UInt64) throws {
        guard serial == current else { throw stale() }
        frames[frames.count - 1].count += 1
    }

    func dropElement() { frames[frames.count - 1].count -= 1 }

    func elementCount(serial: UInt64) -> Int {
        Int(frames.last { $0.serial == serial }?.count ?? 0)
    }

    @inline(__always) func beginEntry(_ key: some CodingKey, serial: UInt64) throws {
        guard serial == current else { throw stale() }
        bytes.append(text: key.stringValue)
    }

    /// Whether the value that is being encoded is an optional.
    var isOptional: Bool { frames.last.map { $0.type is any AnyOptional.Type } ?? false }

    /// Puts a mark before a value at `place` that would be taken for the absence of an optional one.
    func markPresence(at place: Int) {
        guard place < bytes.count else { return }
        let tag = unsafe bytes.contents[place]
        guard tag == Tag.none || tag == Tag.some else { return }
        let mark = [Tag.some]
        unsafe mark.withUnsafeBytes { unsafe bytes.insert($0, at: place) }
    }

    /// A writer for a value that is written beside others. Its place is the end of what is there.
    func fragment(key: any CodingKey, serial: UInt64, tag: UInt8?) -> (ParcelWriter, UInt64)? {
        guard serial == current else { return nil }
        guard depth + frames.count < Tag.deepest else {
            (root ?? self).refusal = tooDeep(())
            return nil
        }
        let writer = ParcelWriter(within: self, key: key)
        fragments.append(Fragment(frame: serial, place: bytes.count, writer: writer))
        let inner = writer.push(Void.self, key: nil)
        if let tag { _ = writer.open(tag, serial: inner) }
        return (writer, inner)
    }

    // MARK: - Errors

    func failure(_ value: Any, _ reason: String) -> EncodingError {
        .invalidValue(value, .init(codingPath: path, debugDescription: "cannot encode the value: \(reason)"))
    }

    private func tooDeep(_ value: Any) -> EncodingError {
        failure(value, "its values are more than \(Tag.deepest) deep in each other")
    }

    func stale() -> EncodingError {
        if let refusal = (root ?? self).refusal { return refusal }
        return failure((), "a container was used after its value had ended, or two of different kinds for one value")
    }
}
