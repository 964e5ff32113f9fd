/// What a TZif file says: RFC 9636.
struct ZoneFile {
    struct Change: Hashable, Sendable {
        /// The second of UTC at which the clocks are set.
        var time: Int64
        /// Seconds east of UTC from then on.
        var offset: Int32
    }

    var initialOffset: Int32
    var changes: [Change]
    var footer: ZoneFooter?
}

/// Reads a TZif file, checking every bound.
struct ZoneFileReader {
    private struct Header {
        var version: UInt8
        var utcCount = 0
        var standardCount = 0
        var leapCount = 0
        var timeCount = 0
        var typeCount = 0
        var characterCount = 0

        /// Of the data that follows it.
        func length(timeSize: Int) -> Int {
            timeCount * (timeSize + 1) + typeCount * 6 + characterCount + leapCount * (timeSize + 4)
                + standardCount + utcCount
        }
    }

    /// No zone has more, by far; the largest file of the database has 3 kB.
    private static let mostEntries = 20_000
    /// Moments outside of this are as good as never, and safe to add an offset to: 500,000 years either way.
    private static let farAway: Int64 = 1 << 44

    private let name: String
    private let bytes: [UInt8]
    private var position = 0

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    mutating func read() throws(TimeZoneError) -> ZoneFile {
        var header = try readHeader()
        var timeSize = 4
        if header.version >= UInt8(ascii: "2") {
            // The same again, with times of 64 bits and a footer.
            try skip(header.length(timeSize: 4))
            header = try readHeader()
            timeSize = 8
        }
        guard header.leapCount == 0 else { throw .countsLeapSeconds(name: name) }
        guard header.typeCount >= 1, header.typeCount <= 256 else { throw malformed("it has no kinds of time") }
        guard position + header.length(timeSize: timeSize) <= bytes.count else { throw malformed("it is cut short") }
        var file = try readData(header, timeSize: timeSize)
        if timeSize == 8 { file.footer = try readFooter() }
        return file
    }

    private mutating func readHeader() throws(TimeZoneError) -> Header {
        guard position + 44 <= bytes.count, bytes[position..<position + 4].elementsEqual("TZif".utf8) else {
            throw malformed("it does not start as a TZif file does")
        }
        var header = Header(version: bytes[position + 4])
        position += 20
        header.utcCount = try readCount()
        header.standardCount = try readCount()
        header.leapCount = try readCount()
        header.timeCount = try readCount()
        header.typeCount = try readCount()
        header.characterCount = try readCount()
        return header
    }

    private mutating func readCount() throws(TimeZoneError) -> Int {
        let count = Int(readInteger(size: 4))
        guard count >= 0, count <= Self.mostEntries else { throw malformed("it claims too many entries") }
        return count
    }

    private mutating func readData(_ header: Header, timeSize: Int) throws(TimeZoneError) -> ZoneFile {
        let times = (0..<header.timeCount).map { _ in readInteger(size: timeSize) }
        let kinds = bytes[position..<position + header.timeCount]
        position += header.timeCount
        var offsets: [Int32] = []
        for _ in 0..<header.typeCount {
            let offset = readInteger(size: 4)
            guard abs(offset) < Int64(TimeZoneRules.largestOffset) else {
                throw malformed("its clocks are more than a day away from UTC")
            }
            offsets.append(Int32(offset))
            position += 2
        }
        position += header.characterCount + header.standardCount + header.utcCount
        var file = ZoneFile(initialOffset: offsets[0], changes: [])
        var last = Int64.min
        for (time, kind) in zip(times, kinds) {
            guard time > last || last == .min, Int(kind) < offsets.count else {
                throw malformed("its changes are not in order")
            }
            last = time
            let offset = offsets[Int(kind)]
            if time < -Self.farAway {
                file.initialOffset = offset
            } else if time <= Self.farAway {
                file.changes.append(.init(time: time, offset: offset))
            }
        }
        return file
    }

    /// A line break, the rule, and a line break. An empty rule says nothing.
    private mutating func readFooter() throws(TimeZoneError) -> ZoneFooter? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\n") else { throw malformed("it has no footer") }
        let rest = bytes[(position + 1)...]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw malformed("its footer does not end") }
        let text = rest[..<end]
        if text.isEmpty { return nil }
        guard let footer = ZoneFooter(Array(text)) else { throw malformed("its footer is no rule") }
        return footer
    }

    private mutating func skip(_ count: Int) throws(TimeZoneError) {
        guard position + count <= bytes.count else { throw malformed("it is cut short") }
        position += count
    }

    /// A signed number, the highest byte first. The caller has checked that it is there.
    private mutating func readInteger(size: Int) -> Int64 {
        var value: UInt64 = bytes[position] >= 0x80 ? .max : 0
        for byte in bytes[position..<position + size] { value = value << 8 | UInt64(byte) }
        position += size
        return Int64(bitPattern: value)
    }

    private func malformed(_ reason: String) -> TimeZoneError { .malformed(name: name, reason: reason) }
}
