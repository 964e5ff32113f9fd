import CLinux

/// A NULL-terminated array of C strings, as exec wants it, freed with its owner.
@safe struct CStrings: ~Copyable {
    /// The array; the child may read it as long as this value lives.
    @unsafe let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    @unsafe private let bytes: UnsafeMutablePointer<CChar>

    /// Copies the strings, none of which may contain a NUL, into one block.
    init(_ strings: [String]) { unsafe self.init(borrowing: [], copying: strings) }

    /// Strings of somebody else, who keeps them, followed by copies.
    @unsafe init(borrowing others: [UnsafeMutablePointer<CChar>], copying strings: [String]) {
        unsafe bytes = .allocate(capacity: max(1, strings.reduce(0) { $0 + $1.utf8.count + 1 }))
        unsafe pointers = .allocate(capacity: others.count + strings.count + 1)
        for unsafe(index, other) in unsafe others.enumerated() { unsafe pointers[index] = other }
        var end = unsafe bytes
        for (index, string) in strings.enumerated() {
            unsafe pointers[others.count + index] = end
            var string = string
            let count = string.withUTF8 { text in
                if let start = text.baseAddress { unsafe memcpy(end, start, text.count) }
                return text.count
            }
            unsafe end[count] = 0
            unsafe end += count + 1
        }
        unsafe pointers[others.count + strings.count] = nil
    }

    deinit {
        unsafe pointers.deallocate()
        unsafe bytes.deallocate()
    }
}
