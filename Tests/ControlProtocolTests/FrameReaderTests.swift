import ControlProtocol
import Testing

@Suite struct FrameReaderTests {
    @Test func `frames fed byte by byte come out whole`() throws {
        var reader = FrameReader()
        var frames: [String] = []
        for byte in "{\"a\":1}\n{\"b\":2}\n".utf8 {
            reader.append([byte])
            while let frame = try reader.next() { frames.append(String(decoding: frame, as: UTF8.self)) }
        }
        #expect(frames == ["{\"a\":1}", "{\"b\":2}"])
    }

    @Test func `several frames in one chunk come out one by one`() throws {
        var reader = FrameReader()
        reader.append(Array("one\ntwo\nthr".utf8))
        #expect(try reader.next() == Array("one".utf8))
        #expect(try reader.next() == Array("two".utf8))
        #expect(try reader.next() == nil)
        #expect(reader.pending == 3)
    }

    @Test func `half a frame waits for the rest`() throws {
        var reader = FrameReader()
        reader.append(Array("{\"jsonrpc\"".utf8))
        #expect(try reader.next() == nil)
        reader.append(Array(":\"2.0\"}\n".utf8))
        #expect(try reader.next() == Array("{\"jsonrpc\":\"2.0\"}".utf8))
    }

    @Test func `empty lines are passed over`() throws {
        var reader = FrameReader()
        reader.append(Array("\n\r\n \t\nx\n".utf8))
        #expect(try reader.next() == Array("x".utf8))
    }

    @Test func `a line of exactly the limit is a frame`() throws {
        var reader = FrameReader(limit: 4)
        reader.append(Array("1234\n".utf8))
        #expect(try reader.next() == Array("1234".utf8))
    }

    @Test func `a line longer than the limit is an error even before its end`() throws {
        var reader = FrameReader(limit: 4)
        reader.append(Array("12345".utf8))
        #expect(throws: FrameReader.TooLong(limit: 4)) { try reader.next() }
    }

    @Test func `the error is said once and nothing comes after it`() throws {
        var reader = FrameReader(limit: 4)
        reader.append(Array("123456\nok\n".utf8))
        #expect(throws: FrameReader.TooLong.self) { try reader.next() }
        reader.append(Array("ok\n".utf8))
        #expect(try reader.next() == nil)
        #expect(reader.pending == 0)
    }

    @Test func `frames before one that is too long are given out`() throws {
        var reader = FrameReader(limit: 4)
        reader.append(Array("ok\n123456".utf8))
        #expect(try reader.next() == Array("ok".utf8))
        #expect(throws: FrameReader.TooLong.self) { try reader.next() }
    }

    @Test func `of ten megabytes without a newline no more than the limit and a chunk is kept`() {
        var reader = FrameReader()
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10)
        var largest = 0
        var errors = 0
        for _ in 0..<160 {
            reader.append(chunk)
            largest = max(largest, reader.pending)
            do { while try reader.next() != nil {} } catch { errors += 1 }
        }
        #expect(errors == 1)
        #expect(largest <= FrameReader.requestLimit + chunk.count)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `the way the stream is chopped up changes nothing`(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let lines = (0..<20).map { _ in
            [UInt8](
                (0..<Int.random(in: 1...200, using: &random)).map { _ in UInt8.random(in: 33...255, using: &random) })
        }
        let stream = Array(lines.joined(separator: [UInt8(ascii: "\n")])) + [UInt8(ascii: "\n")]
        var reader = FrameReader()
        var frames: [[UInt8]] = []
        var position = 0
        while position < stream.count {
            let end = min(stream.count, position + Int.random(in: 1...300, using: &random))
            reader.append(stream[position..<end])
            position = end
            while let frame = try reader.next() { frames.append(frame) }
        }
        #expect(frames == lines, "seed \(seed)")
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
