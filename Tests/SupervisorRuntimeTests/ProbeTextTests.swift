import Testing

@testable import SupervisorRuntime

private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 33)
    }
}

@Suite struct ProbeTextTests {
    @Test(arguments: [
        ("ready", "I am ready.", true), ("ready", "rea\ndy", false), ("^ready", "not ready\n", false),
        ("^ready", "no\nready set", true), ("ready$", "ready set\n", false), ("ready$", "ready\n", true),
        ("ready$", "ready\r\n", true), ("ready$", "ready", false), ("^ready$", "ready\n", true),
        ("^ready$", "xready\n", false), (#"\^x"#, "a^x", true), (#"cost \$"#, "the cost $ is", true),
        ("^$", "a\n\n", true),
        ("^$", "a\n", false), ("aab", "aaab", true),
    ])
    func `a pattern matches in whichever pieces the output comes`(pattern: String, output: String, expected: Bool)
        throws
    {
        let bytes = Array(output.utf8)
        for cut in 0...bytes.count {
            var matcher = try #require(LineMatcher(pattern: pattern))
            let first = matcher.feed(Array(bytes[..<cut]))
            #expect((first || matcher.feed(Array(bytes[cut...]))) == expected, "cut at \(cut)")
        }
        var matcher = try #require(LineMatcher(pattern: pattern))
        let isMatched = bytes.contains { matcher.feed([$0]) }
        #expect(isMatched == expected)
    }

    @Test(arguments: ["", "^", "$", "a\nb", String(repeating: "x", count: 1025)])
    func `a pattern that cannot match a line is refused`(pattern: String) {
        #expect(LineMatcher(pattern: pattern) == nil)
    }

    @Test func `of an endless line only the beginning is kept`() throws {
        var matcher = try #require(LineMatcher(pattern: "late"))
        let flood = [UInt8](repeating: UInt8(ascii: "x"), count: 65536)
        let early = (0..<100).contains { _ in matcher.feed(flood) }
        let late = matcher.feed(Array("late\n".utf8))
        let next = matcher.feed(Array("late".utf8))
        #expect((early, late, next) == (false, false, true))
    }

    @Test func `a notification says what its lines say`() {
        let text = "READY=1\nSTATUS=up \u{1B}[31mand running\nMAINPID=1\nWATCHDOG=1\nSTOPPING=0\nnonsense\n=\n"
        let notification = NotifyMessage(parsing: text.utf8)
        var expected = NotifyMessage()
        expected.isReady = true
        expected.status = "up [31mand running"
        #expect(notification == expected)
    }

    @Test(arguments: 0..<UInt64(200)) func `any bytes are a notification and an answer of some kind`(seed: UInt64) {
        var random = Generator(state: seed)
        let alphabet = Array("READY=1\nSTAUS=\u{0}HTTP/1.1 200 1\r\n\r\n".utf8) + [0xFF, 0xC3]
        let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
            alphabet.randomElement(using: &random) ?? 0
        }
        let notification = NotifyMessage(parsing: bytes)
        #expect((notification.status?.utf8.count ?? 0) <= 3 * NotifyMessage.longestStatus)
        var head = HTTPResponseHead()
        for byte in bytes { _ = head.feed([byte]) }
    }

    @Test func `the status of an answer is known before its head is complete`() {
        var head = HTTPResponseHead()
        let progress1 = head.feed("HTTP/1.1 20".utf8)
        #expect(progress1 == .incomplete)
        let progress2 = head.feed("4 No Content\r\n".utf8)
        #expect(progress2 == .status(204))
    }

    @Test func `an interim answer is passed over`() {
        var head = HTTPResponseHead()
        let progress3 = head.feed("HTTP/1.1 103 Early Hints\r\nLink: x\r\n".utf8)
        #expect(progress3 == .incomplete)
        let progress4 = head.feed("\r\nHTTP/1.1 503 Busy\r\n".utf8)
        #expect(progress4 == .status(503))
    }

    @Test(arguments: ["SSH-2.0-OpenSSH\r\n", "HTTP/2 200\r\n", "HTTP/1.1 abc\r\n", "HTTP/1.1 99\r\n", "\n"])
    func `what is not HTTP is malformed`(answer: String) {
        var head = HTTPResponseHead()
        let progress5 = head.feed(answer.utf8)
        #expect(progress5 == .malformed("the answer is not HTTP/1"))
    }

    @Test func `an endless head is malformed`() {
        var head = HTTPResponseHead()
        #expect(
            head.feed([UInt8](repeating: 65, count: 20_000)) == .malformed("the answer's head is longer than 16 KiB"))
    }

    @Test func `an http URL has a host, a port and a path`() throws {
        let plain = try HTTPTarget(url: "http://127.0.0.1")
        #expect((plain.host, plain.port, plain.path) == ("127.0.0.1", 80, "/"))
        let full = try HTTPTarget(url: "http://[::1]:8080/health?deep=1#part")
        #expect((full.host, full.port, full.path) == ("[::1]", 8080, "/health?deep=1"))
        let query = try HTTPTarget(url: "http://localhost?x")
        #expect((query.host, query.port, query.path) == ("localhost", 80, "/?x"))
    }

    @Test(arguments: [
        "https://x/", "http://", "http://:80/", "http://a:0/", "http://a:99999/", "http://a/\r\nX: y", "http://u@a/",
    ])
    func `a URL that cannot be asked is explained`(url: String) {
        #expect(throws: HTTPTargetError.self) { _ = try HTTPTarget(url: url) }
    }
}
