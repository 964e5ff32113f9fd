import Glibc

/// Ends the process so that libFuzzer keeps the input, and says what was found.
func finding(_ text: String) -> Never {
    print("finding: \(text)")
    // The crash that follows would lose what is buffered.
    _ = fflush(nil)
    preconditionFailure(text)
}

/// Takes decisions from the bytes of an input. When they run out, everything is 0.
struct Choices {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isEmpty: Bool { position >= bytes.count }

    mutating func byte() -> UInt8 {
        guard position < bytes.count else { return 0 }
        defer { position += 1 }
        return bytes[position]
    }

    /// 0 ..< `limit`, which is at most 256.
    mutating func below(_ limit: Int) -> Int { limit > 1 ? Int(byte()) % limit : 0 }

    mutating func flag() -> Bool { byte() & 1 == 1 }

    /// Up to 2⁸ units: both very short and very long times turn up.
    mutating func duration() -> Duration {
        let value = byte()
        return .milliseconds(Int64(value & 0x1f) << Int64(value >> 4))
    }
}
