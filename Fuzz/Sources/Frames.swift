import ControlProtocol

/// Any stream of bytes, however it is chopped up, gives the same frames, and each frame gives a request or a refusal.
///
/// The first byte chooses how long the pieces are.
func fuzzFrames(_ bytes: [UInt8]) -> Int32 {
    guard let first = bytes.first else { return 0 }
    let stream = Array(bytes.dropFirst())
    let whole = frames(stream, inPiecesOf: max(1, stream.count))
    let chopped = frames(stream, inPiecesOf: Int(first) % 64 + 1)
    if whole.frames != chopped.frames { finding("the frames depend on how the stream is chopped up") }
    if whole.isTooLong != chopped.isTooLong { finding("a limit depends on how the stream is chopped up") }
    for frame in whole.frames {
        if frame.count > limit { finding("a frame of \(frame.count) bytes") }
        let request = IncomingRequest(frame: frame)
        // A string is compared as bytes, for Swift takes two spellings of one accent for equal.
        if case .command(let command, let id?) = request { checkRoundTrip(command, id) }
        _ = try? ServerMessage(frame: frame)
    }
    return 0
}

private let limit = 4096

private func frames(_ stream: [UInt8], inPiecesOf size: Int) -> (frames: [[UInt8]], isTooLong: Bool) {
    var reader = FrameReader(limit: limit)
    var frames: [[UInt8]] = []
    var start = 0
    while start < stream.count {
        reader.append(stream[start..<min(start + size, stream.count)])
        start += size
        do {
            while let frame = try reader.next() { frames.append(frame) }
        } catch {
            return (frames, true)
        }
        if reader.pending > limit { finding("\(reader.pending) bytes are kept") }
    }
    return (frames, false)
}

/// What was understood can be said again and is understood in the same way.
private func checkRoundTrip(_ command: Command, _ id: MessageID) {
    var said = Frame.request(command, id: id)
    if said.last == UInt8(ascii: "\n") { said.removeLast() }
    guard case .command(let again, let sameID?) = IncomingRequest(frame: said), again == command, sameID == id else {
        finding("\(command) is not understood when it is said again")
    }
}
