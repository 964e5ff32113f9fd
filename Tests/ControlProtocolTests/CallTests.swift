import ControlProtocol
import SupervisorCore
import Testing

@Suite struct CallTests {
    private func read(_ frame: String) -> IncomingRequest { IncomingRequest(frame: Array(frame.utf8)) }

    @Test func `a call keeps its task as bytes, without blanks between tokens`() {
        let parameters = #"{"pool":"p","task": {"a b" : [1.0, "\u00e4\t x"]},"timeout":2.5}"#
        let request = read(#"{"jsonrpc":"2.0","id":7,"method":"call","params":"# + parameters + "}")
        var expected = PoolQuery(pool: "p", task: Array(#"{"a b":[1.0,"\u00e4\t x"]}"#.utf8))
        expected.wait = .untilDone(timeout: .seconds(2.5))
        #expect(request == .command(.call(expected), id: .number(7)))
    }

    @Test(arguments: [
        PoolQuery(pool: "p", task: Array("null".utf8)),
        PoolQuery(pool: "p", task: Array("[]".utf8), wait: .no, key: "k"),
        PoolQuery(pool: "p", task: Array("\"ä\"".utf8), wait: .untilDone(timeout: .seconds(3)), waitsForRoom: true),
    ])
    func `what a client writes the daemon reads`(query: PoolQuery) {
        let frame = Frame.request(.call(query), id: .number(1)).dropLast()
        #expect(IncomingRequest(frame: Array(frame)) == .command(.call(query), id: .number(1)))
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":1,"method":"call"}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"call","params":[]}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"call","params":{"pool":"p"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"call","params":{"pool":1,"task":1}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"call","params":{"pool":"p","task":1,"task":2}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"call","params":{"pool":"p","task":1,"timout":2}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"call","params":{"pool":"p","task":1,"timeout":-1}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"call","params":{"pool":"p","task":1,"wait":"no"}}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"call","params":{"pool":"p","task":}}"#,
        #"{"jsonrpc":"1.0","id":1,"method":"call","params":{"pool":"p","task":1}}"#,
    ])
    func `a call that makes no sense is refused`(frame: String) {
        guard case .refused = read(frame) else {
            Issue.record("taken: \(read(frame))")
            return
        }
    }

    @Test(arguments: [
        (PoolAnswer.Outcome.done(Array("[1]".utf8)), #"{"result":[1],"state":"done","task":5}"#),
        (.error(Array("{}".utf8)), #"{"error":{},"reason":"error","state":"failed","task":5}"#),
        (.failed(.timedOut, "too\nlate"), #"{"error":"too\nlate","reason":"timed_out","state":"failed","task":5}"#),
    ])
    func `an answer has what the worker wrote, and is read back`(outcome: PoolAnswer.Outcome, json: String) throws {
        let result = PoolResult(PoolAnswer(task: TaskID(5), outcome: outcome))
        #expect(String(decoding: result.json, as: UTF8.self) == json)
        guard
            case .answer(.number(1), let answer) = try ServerMessage(
                frame: Array(Frame.result(result, id: .number(1)).dropLast()))
        else {
            Issue.record("no answer")
            return
        }
        #expect(try answer.poolResult() == result)
    }

    @Test(arguments: ["1", "-0.5e+3", "\"\\u12aB\\n\"", "[[],{\"a\":null}]", " true ", "\"\u{10FFFF}\""])
    func `JSON is recognised`(text: String) { #expect(JSONText.value(in: Array(text.utf8)) != nil) }

    @Test(arguments: [
        "", "01", "+1", "1.", ".5", "1e", "nul", "[1,]", "{a:1}", "{\"a\" 1}", "\"\n\"", "\"\\x\"", "\"\\u12\"", "1 2",
        "'a'", "[", "\"", "NaN", "-",
    ])
    func `what is no JSON is recognised as well`(text: String) { #expect(JSONText.value(in: Array(text.utf8)) == nil) }

    @Test(arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE4]])
    func `bytes that are no UTF-8 are no JSON`(bytes: [UInt8]) { #expect(JSONText.value(in: bytes) == nil) }

    @Test func `nesting is bounded`() {
        func deep(_ count: Int) -> [UInt8] {
            Array((String(repeating: "[", count: count) + String(repeating: "]", count: count)).utf8)
        }
        #expect(JSONText.value(in: deep(200)) != nil)
        #expect(JSONText.value(in: deep(100_000)) == nil)
    }
}
