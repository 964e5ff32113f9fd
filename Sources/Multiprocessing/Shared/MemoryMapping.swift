import CLinux
import Linux

/// Plain memory that processes share: a file without a name, mapped.
@safe final class MemoryMapping: @unchecked Sendable {
    let descriptor: SharedDescriptor
    let bytes: UnsafeMutableRawBufferPointer

    /// New memory of zeros.
    init(size: Int) throws(SharedMemoryError) {
        guard size >= 1 else { throw .notPositive(size) }
        do {
            let file = try memoryFile("roost-memory", size: size, sparse: false)
            unsafe bytes = try mapShared(file.raw, size: size)
            descriptor = SharedDescriptor(file)
        } catch {
            throw SharedMemoryError(error)
        }
    }

    /// Maps memory that somebody else has made.
    ///
    /// - Throws: `wrongLayout` if it is none, or could be cut off under our feet.
    init(_ descriptor: SharedDescriptor) throws(SharedMemoryError) {
        guard let extent = SealedFile.extent(of: descriptor.descriptor, requiring: .size) else {
            throw .wrongLayout(expected: "memory", found: "something that is no shared memory")
        }
        do {
            unsafe bytes = try mapShared(descriptor.descriptor.raw, size: extent.size)
        } catch {
            throw SharedMemoryError(error)
        }
        self.descriptor = descriptor
    }

    deinit { _ = unsafe munmap(bytes.baseAddress, bytes.count) }
}
