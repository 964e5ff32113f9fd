import CLinux

/// A NULL-terminated array of C strings, as exec wants it, freed with its owner.
@safe struct CStrings: ~Copyable {
    /// The array; the child may read it as long as this value lives.
    @unsafe let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    @unsafe private let bytes: UnsafeMutablePointer<CChar>

    /// Copies the strings, none of which may contain a NUL, into one block.
    init(_ strings: [[UInt8]]) {
        unsafe bytes = .allocate(capacity: max(1, strings.reduce(0) { $0 + $1.count + 1 }))
        unsafe pointers = .allocate(capacity: strings.count + 1)
        var end = unsafe bytes
        for (index, string) in strings.enumerated() {
            unsafe pointers[index] = end
            for byte in string {
                unsafe end.pointee = CChar(bitPattern: byte)
                unsafe end += 1
            }
            unsafe end.pointee = 0
            unsafe end += 1
        }
        unsafe pointers[strings.count] = nil
    }

    deinit {
        unsafe pointers.deallocate()
        unsafe bytes.deallocate()
    }
}
