import Linux
import Synchronization
import Threading

/// A ring of messages that are encoded elements: what the three queues have in common.
final class ElementRing<Element: Codable & Sendable>: Sendable {
    let ring: MessageRing
    /// Whether this process has closed it for itself.
    private let isLeft = Atomic(false)
    private let writers = Slot<ParcelWriter>()
    private let scratches = Slot<MessageRing.Scratch>()

    init(_ ring: MessageRing) { self.ring = ring }

    /// What capacity means: nil, zero and less are no limit.
    static func limit(_ capacity: Int?) -> Int {
        guard let capacity, capacity >= 1 else { return Int(Int32.max) }
        return min(capacity, Int(Int32.max))
    }

    func put(_ element: Element, _ timeout: Duration?) throws(ProcessPutError) {
        if isLeft.load(ordering: .relaxed) { throw .closed }
        let writer = writers.take() ?? ParcelWriter()
        defer {
            writer.reset()
            // What one large element has taken is not kept for many small ones.
            if writer.bytes.isModest { writers.put(writer) }
        }
        do { try writer.encode(element) } catch { throw .unencodable(error) }
        guard writer.takeDescriptors().isEmpty else { throw .carriesDescriptors }
        let count = writer.bytes.count
        guard count <= ring.longest else { throw .tooLarge(bytes: count, limit: ring.longest) }
        switch unsafe ring.put(writer.bytes.contents, until: Deadline(after: timeout)) {
        case .done: return
        case .notNow: throw .full
        case .closed, .damaged, .refused: throw .closed
        }
    }

    func get(
        _ timeout: Duration?, before: (UInt32) -> Bool = { _ in true }
    ) throws(ProcessGetError) -> Element {
        if isLeft.load(ordering: .relaxed) { throw .closed }
        let scratch = scratches.take() ?? MessageRing.Scratch()
        defer { if scratch.bytes.isModest { scratches.put(scratch) } }
        switch ring.get(into: scratch, until: Deadline(after: timeout), before: before) {
        case .done: return try decode(scratch)
        case .notNow: throw .empty
        case .closed: throw .closed
        case .damaged: throw .damaged
        case .refused: throw .tooManyWorkers
        }
    }

    /// Closes the queue for all, and takes out what is left.
    func drain() -> [Element] {
        ring.shutDown()
        var elements: [Element] = []
        while true {
            do {
                elements.append(try get(.zero))
            } catch {
                // What cannot be decoded is out as well, and nobody's.
                if case .undecodable = error { continue }
                return elements
            }
        }
    }

    func leave() { isLeft.store(true, ordering: .relaxed) }

    private func decode(_ scratch: MessageRing.Scratch) throws(ProcessGetError) -> Element {
        let reader = unsafe ParcelReader(scratch.bytes.contents, descriptors: [])
        defer { reader.end() }
        do { return try reader.decode(Element.self) } catch { throw .undecodable(error) }
    }
}

extension GrowingBytes {
    /// Whether it is small enough to be kept.
    var isModest: Bool { count <= 4 << 20 }
}
