import CLinux
import Linux
import Synchronization

/// A piece of memory that processes share, with a label which says what is in it.
///
/// It is a file without a name (memfd): a descriptor is the only way to it, and it is gone with the last one, however
/// the processes end. Its size is sealed, so nobody can cut it off under another one's feet.
@safe final class SharedRegion: @unchecked Sendable {
    /// What is in a region. The numbers are part of the format.
    enum Kind: UInt32 {
        case lock = 1
        case recursiveLock
        case semaphore
        case condition
        case event
        case barrier
        case value
        case atomic
        case array
        case list
        case queue
        case joinableQueue
    }

    /// What is right before the contents, 64 bytes with what is left free.
    private struct Label {
        /// "RoostShm".
        var magic: UInt64 = 0x6D68_5374_736F_6F52
        var version: UInt32 = 1
        var kind: UInt32
        var size: UInt64
        var shape: Shape
    }

    /// What both sides have to agree on besides the kind: sizes, limits, counts.
    struct Shape: Hashable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
    }

    /// Where the contents begin.
    static let labelSize = 64
    static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    let descriptor: SharedDescriptor
    let shape: Shape
    /// The first byte of the label.
    let start: UnsafeMutableRawPointer
    private let mapping: UnsafeMutableRawBufferPointer
    private let isHeld = Atomic(false)

    /// A new region, whose contents are zeros.
    ///
    /// - Parameters:
    ///   - size: of the contents, in bytes.
    ///   - ring: how many bytes after the contents are to be mapped twice in a row, so that what reaches beyond the end
    ///     goes on at the beginning; they start at a page.
    ///   - sparse: whether memory is only taken where it is written to. Otherwise it is taken now, so that a shortage
    ///     is an error here and not a SIGBUS later.
    init(
        _ kind: Kind, size: Int, shape: Shape = Shape(), ring: Int = 0, sparse: Bool = false
    ) throws(SharedMemoryError) {
        do {
            let contents = SharedRegion.labelSize + size
            let whole = ring == 0 ? contents : SharedRegion.roundToPage(contents) + ring
            let file = try memoryFile("roost-\(kind)", size: whole, sparse: sparse)
            unsafe mapping = try SharedRegion.map(file, size: whole, ring: ring)
            descriptor = SharedDescriptor(file)
            unsafe start = mapping.baseAddress!
            self.shape = shape
            let label = Label(kind: kind.rawValue, size: UInt64(whole), shape: shape)
            unsafe start.storeBytes(of: label, as: Label.self)
        } catch {
            throw SharedMemoryError(error)
        }
    }

    /// Maps a region that somebody else has made.
    ///
    /// - Parameters:
    ///   - isExpected: whether the shape is the right one.
    ///   - ring: how many bytes at the end are mapped twice, by the shape.
    /// - Throws: `wrongLayout` if it is no region, or another one than expected.
    init(
        _ descriptor: SharedDescriptor, _ kind: Kind,
        size: (Shape) -> Int?, ring: (Shape) -> Int = { _ in 0 }
    ) throws(SharedMemoryError) {
        let found = try SharedRegion.readLabel(descriptor.descriptor, kind)
        let expected = "\(kind)"
        guard let contents = size(found.shape) else {
            throw .wrongLayout(expected: expected, found: "\(kind) of another layout")
        }
        let extra = ring(found.shape)
        let whole = SharedRegion.labelSize + contents
        guard found.size == UInt64(extra == 0 ? whole : SharedRegion.roundToPage(whole) + extra) else {
            throw .wrongLayout(expected: expected, found: "\(kind) of another size")
        }
        do {
            unsafe mapping = try SharedRegion.map(descriptor.descriptor, size: Int(found.size), ring: extra)
        } catch {
            throw SharedMemoryError(error)
        }
        unsafe start = mapping.baseAddress!
        shape = found.shape
        self.descriptor = descriptor
    }

    deinit { if !isHeld.load(ordering: .relaxed) { _ = unsafe munmap(mapping.baseAddress, mapping.count) } }

    /// Leaves the memory mapped when this object is gone: somebody went away with a lock in it.
    func stayMapped() { isHeld.store(true, ordering: .relaxed) }

    /// A place in the region, counted from the label.
    @inline(__always) func place<Type: ~Copyable>(_ offset: Int, as type: Type.Type) -> UnsafeMutablePointer<Type> {
        unsafe (start + offset).assumingMemoryBound(to: type)
    }

    static func roundToPage(_ size: Int) -> Int { (size + pageSize - 1) / pageSize * pageSize }

    /// The label of an open file, if it is one of ours and cannot shrink.
    private static func readLabel(
        _ descriptor: borrowing OwnedDescriptor, _ kind: Kind
    ) throws(SharedMemoryError) -> Label {
        let raw = descriptor.raw
        guard let extent = SealedFile.extent(of: descriptor, requiring: .size) else {
            throw .wrongLayout(expected: "\(kind)", found: "something that is no shared memory")
        }
        var label = Label(magic: 0, version: 0, kind: 0, size: 0, shape: Shape())
        let length = unsafe withUnsafeMutableBytes(of: &label) { unsafe pread(raw, $0.baseAddress, $0.count, 0) }
        let model = Label(kind: kind.rawValue, size: 0, shape: Shape())
        guard length == MemoryLayout<Label>.size, label.magic == model.magic,
            UInt64(extent.size) == label.size
        else {
            throw .wrongLayout(expected: "\(kind)", found: "other memory")
        }
        guard label.version == model.version else {
            throw .wrongLayout(expected: "\(kind)", found: "version \(label.version) of the library")
        }
        guard label.kind == kind.rawValue else {
            throw .wrongLayout(expected: "\(kind)", found: Kind(rawValue: label.kind).map { "\($0)" } ?? "a newer kind")
        }
        return label
    }

    private static func map(
        _ descriptor: borrowing OwnedDescriptor, size: Int, ring: Int
    ) throws(SystemError) -> UnsafeMutableRawBufferPointer {
        let raw = descriptor.raw
        guard ring > 0 else { return unsafe try mapShared(raw, size: size) }
        // First the addresses, then both views of the ring into them.
        let whole = size + ring
        guard let base = unsafe mmap(nil, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            unsafe isMapped(base)
        else { throw SystemError.last("reserve addresses for shared memory") }
        let access = PROT_READ | PROT_WRITE
        let first = unsafe mmap(base, size, access, MAP_SHARED | MAP_FIXED, raw, 0)
        let second = unsafe mmap(base + size, ring, access, MAP_SHARED | MAP_FIXED, raw, off_t(size - ring))
        guard unsafe isMapped(first), unsafe isMapped(second) else {
            let error = SystemError.last("map shared memory")
            _ = unsafe munmap(base, whole)
            throw error
        }
        return unsafe UnsafeMutableRawBufferPointer(start: base, count: whole)
    }
}

/// A file without a name, whose size cannot be changed any more.
func memoryFile(_ label: String, size: Int, sparse: Bool) throws(SystemError) -> OwnedDescriptor {
    let file = OwnedDescriptor(
        adopting: try retrying("make shared memory") {
            unsafe memfd_create(label, UInt32(MFD_CLOEXEC | MFD_ALLOW_SEALING))
        })
    let raw = file.raw
    _ = try retrying("make shared memory of \(size) bytes") { ftruncate(raw, off_t(size)) }
    if !sparse {
        _ = try retrying("take \(size) bytes of memory") { roost_fallocate(raw, 0, 0, off_t(size)) }
    }
    _ = try retrying("seal shared memory") {
        roost_fcntl(raw, F_ADD_SEALS, Int(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
    }
    return file
}

/// Maps a whole file for reading and writing.
func mapShared(_ raw: Int32, size: Int) throws(SystemError) -> UnsafeMutableRawBufferPointer {
    guard let base = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, raw, 0), unsafe isMapped(base)
    else { throw SystemError.last("map shared memory") }
    return unsafe UnsafeMutableRawBufferPointer(start: base, count: size)
}

/// What mmap returns on failure is a macro with a cast, which Swift cannot import: all bits are set.
private func isMapped(_ address: UnsafeMutableRawPointer?) -> Bool { Int(bitPattern: address) != -1 }
