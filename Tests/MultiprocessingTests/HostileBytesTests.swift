import Foundation
import Multiprocessing
import Testing
import ToolkitTesting

/// Bytes that nobody encoded: they are refused, without a crash, without a hang, and without taking memory.
@Suite(.watchdog) struct HostileBytesTests {
    indirect enum Shape: Codable, Equatable, Sendable {
        case point
        case pair(Shape, Shape)
        case record(Record)
    }

    struct Record: Codable, Equatable, Sendable {
        var name = "name"
        var numbers: [Int] = [1, 200, -70_000]
        var table: [String: [Double]] = ["a": [1, 2], "b": []]
        var bytes: [UInt8] = [1, 2, 3]
        var option: Int?? = .some(nil)
        var wide: Int128 = .max
        var shape: Shape?
    }

    static let sample = Record(shape: .pair(.record(Record()), .pair(.point, .record(Record()))))

    @Test func `every truncation is refused`() throws {
        let bytes = try Parcel(Self.sample).bytes
        #expect(try Parcel(bytes: bytes).decode(Record.self) == Self.sample)
        for length in 0..<bytes.count {
            #expect(throws: DecodingError.self) { try Parcel(bytes: Array(bytes.prefix(length))).decode(Record.self) }
        }
        #expect(throws: DecodingError.self) { try Parcel(bytes: bytes + [0]).decode(Record.self) }
    }

    @Test func `bytes that were changed are refused or are another value`() throws {
        let bytes = try Parcel(Self.sample).bytes
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: changed.indices, using: &random)
                let isFlip = Bool.random(using: &random)
                changed[place] = isFlip ? changed[place] ^ 1 << UInt8.random(in: 0...7) : .random(in: 0...255)
            }
            _ = try? Parcel(bytes: changed).decode(Record.self)
        }
    }

    @Test func `random bytes are refused`() throws {
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40)).map { _ in UInt8.random(in: 0...255) % 20 }
            _ = try? Parcel(bytes: bytes).decode([String: [Record?]].self)
            _ = try? Parcel(bytes: bytes).decode([[Int]].self)
        }
    }

    @Test func `lengths and counts that lie are refused at once`() throws {
        // Each says that gigabytes follow.
        for start: [UInt8] in [
            [9, 0xff, 0xff, 0xff, 0xff, 0x0f], [10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            [10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            [9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            [11, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], [11, 4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
            [11, 0, 0, 0, 0], [12, 0xff, 0xff, 0xff, 0xff], [12, 2, 0, 0, 0, 1, 97], [12, 1, 0, 0, 0, 0xff],
        ] {
            #expect(throws: DecodingError.self) { try Parcel(bytes: start).decode([UInt8].self) }
            #expect(throws: DecodingError.self) { try Parcel(bytes: start).decode(String.self) }
            #expect(throws: DecodingError.self) { try Parcel(bytes: start).decode([[String]].self) }
            #expect(throws: DecodingError.self) { try Parcel(bytes: start).decode([String: Int].self) }
        }
    }

    @Test func `values that are too deep in each other are refused`() throws {
        // A list in a list, and so on.
        var bytes: [UInt8] = [11, 4, 0, 0, 0, 0, 0, 0, 0]
        for _ in 0..<3000 {
            let length = withUnsafeBytes(of: UInt32(bytes.count + 4).littleEndian) { Array($0) }
            bytes = [11] + length + [1, 0, 0, 0] + bytes
        }
        struct Nest: Codable {
            var inner: [Nest]
            init(from decoder: any Decoder) throws { inner = try decoder.singleValueContainer().decode([Nest].self) }
        }
        #expect(throws: DecodingError.self) { try Parcel(bytes: bytes).decode(Nest.self) }
        let marks = [UInt8](repeating: 14, count: 1 << 20)
        #expect(throws: DecodingError.self) { try Parcel(bytes: marks).decode(Int??.self) }
    }

    @Test func `a text that is no UTF-8 and a descriptor that is not there are refused`() throws {
        #expect(throws: DecodingError.self) { try Parcel(bytes: [9, 2, 0xc3, 0x28]).decode(String.self) }
        #expect(throws: DecodingError.self) { try Parcel(bytes: [13, 0]).decode(PassedDescriptor.self) }
        #expect(throws: DecodingError.self) { try Parcel(bytes: [200]).decode(PassedDescriptor.self) }
    }

    @Test func `what is no message of this library is refused`() throws {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        let connection = try Connection(adopting: ends[0])
        defer { close(ends[1]) }
        for packet: [UInt8] in [[9, 1, 2], [2], [2, 1, 0, 0, 0, 0, 0, 0, 0], [UInt8](repeating: 1, count: 100_000)] {
            #expect(send(ends[1], packet, packet.count, 0) == packet.count)
            #expect(throws: ConnectionError.malformed) { try connection.receiveBytes() }
        }
        #expect(send(ends[1], [1, 7] as [UInt8], 2, 0) == 2)
        let bytes = try connection.receiveBytes()
        #expect(bytes == [7])
    }
}
