import ControlProtocol
import SupervisorCore
import Testing

private func read(_ text: String) -> IncomingRequest { IncomingRequest(frame: Array(text.utf8)) }

private func code(_ request: IncomingRequest) -> ControlError.Code? {
    guard case .refused(let error, _) = request else { return nil }
    return error.knownCode
}

private func message(_ request: IncomingRequest) -> String {
    guard case .refused(let error, _) = request else { return "not refused" }
    return error.message
}

@Suite struct IncomingRequestTests {
    @Test func `a request is read with its id and parameters`() {
        let request = read(#"{"jsonrpc":"2.0","id":7,"method":"start","params":{"names":["web"],"timeout":1.5}}"#)
        #expect(
            request
                == .command(
                    .start(names: ["web"], wait: .untilDone(timeout: .milliseconds(1500))), id: .number(7)))
    }

    @Test func `every command survives the way over the wire`() {
        var logs = LogQuery(names: ["web:0"])
        logs.follow = true
        logs.lines = 5
        logs.stream = .error
        let commands: [Command] =
            [
                .status(names: []), .status(names: ["web"]), .start(names: ["a", "b:0"], wait: .no),
                .stop(names: ["all"], wait: .untilDone(timeout: nil)),
                .restart(names: ["@site"], wait: .untilDone(timeout: .seconds(5))), .signal(names: ["web:*"], .hangUp),
                .scale(worker: "web", instances: 8, wait: .no), .clear(names: ["web"]), .plan,
                .apply(wait: .untilDone(timeout: nil)), .logs(LogQuery(names: ["web"])), .logs(logs),
                .subscribe(EventQuery()),
                .subscribe(EventQuery(after: .max, filter: EventFilter(kinds: ["instance.*"], names: ["web"]))),
                .unsubscribe, .why(name: "web:0"), .version, .shutdown,
                .call(PoolQuery(pool: "sums", task: Array("[1]".utf8))),
            ] + TaskSamples.verbs.map { .task($0) }
        for command in commands {
            let frame = Frame.request(command, id: .text("x")).dropLast()
            #expect(IncomingRequest(frame: Array(frame)) == .command(command, id: .text("x")))
        }
        #expect(Set(commands.map(\.method)) == Set(Command.Method.allCases))
    }

    @Test func `a request without an id is a notification`() {
        #expect(read(#"{"jsonrpc":"2.0","method":"plan"}"#) == .command(.plan, id: nil))
    }

    @Test func `a null id is an id`() {
        #expect(read(#"{"jsonrpc":"2.0","id":null,"method":"plan"}"#) == .command(.plan, id: .null))
    }

    @Test(arguments: [
        "", "{", "nonsense", "{\"jsonrpc\":", "\u{0}", "{\"a\":1}{\"b\":2}", "'x'", "{\"jsonrpc\":\"2.0\"\u{0}}",
    ])
    func `what is no JSON is a parse error with a null id`(text: String) {
        guard case .refused(let error, let id) = read(text) else {
            Issue.record("not refused")
            return
        }
        #expect(error.knownCode == .parseError)
        #expect(id == .null)
    }

    @Test func `invalid UTF-8 is a parse error`() {
        let frame = Array(#"{"jsonrpc":"2.0","id":1,"method":""#.utf8) + [0xff, 0xfe] + Array(#""}"#.utf8)
        #expect(code(IncomingRequest(frame: frame)) == .parseError)
    }

    @Test(arguments: ["[", "{\"a\":", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\",\"params\":{\"names\":["])
    func `a nesting bomb is refused`(opening: String) {
        let bomb = String(repeating: opening, count: FrameReader.requestLimit / opening.utf8.count)
        #expect(code(read(bomb)) == .parseError)
    }

    @Test func `deep but closed nesting is refused`() {
        let depth = 100_000
        let bomb = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(code(read(bomb)) == .parseError)
    }

    @Test func `a batch is refused and told what to do instead`() {
        let request = read(#"[{"jsonrpc":"2.0","id":1,"method":"status"}]"#)
        #expect(code(request) == .invalidRequest)
        #expect(message(request).contains("one request a line"))
    }

    @Test(arguments: [
        "1", "\"x\"", "null", "true", "{}", #"{"id":1,"method":"status"}"#,
        #"{"jsonrpc":"1.0","id":1,"method":"status"}"#, #"{"jsonrpc":"2.0","id":1}"#,
        #"{"jsonrpc":"2.0","id":1,"method":7}"#, #"{"jsonrpc":"2.0","id":1.5,"method":"status"}"#,
        #"{"jsonrpc":"2.0","id":[],"method":"status"}"#, #"{"jsonrpc":"2.0","id":{},"method":"status"}"#,
    ])
    func `JSON that is no request is an invalid request`(text: String) {
        #expect(code(read(text)) == .invalidRequest)
    }

    @Test func `an id that is too long is refused`() {
        let id = String(repeating: "x", count: MessageID.maximumLength + 1)
        #expect(code(read(#"{"jsonrpc":"2.0","id":"\#(id)","method":"status"}"#)) == .invalidRequest)
    }

    @Test func `an unknown method is named and so are the known ones`() {
        let request = read(#"{"jsonrpc":"2.0","id":1,"method":"reboot"}"#)
        #expect(code(request) == .methodNotFound)
        #expect(message(request).contains("\"reboot\""))
        #expect(message(request).contains("restart"))
    }

    @Test(arguments: [
        ("start", "{}", "names"), ("start", #"{"names":[]}"#, "names"), ("start", #"{"names":"web"}"#, "names"),
        ("start", #"{"names":[1]}"#, "names"), ("start", #"{"names":[""]}"#, "names"),
        ("start", #"{"names":["web"],"wait":1}"#, "wait"), ("start", #"{"names":["web"],"timeout":0}"#, "timeout"),
        ("start", #"{"names":["web"],"timeout":1e300}"#, "timeout"), ("start", #"["web"]"#, "object"),
        ("status", #"{"nmaes":["web"]}"#, "nmaes"), ("plan", #"{"x":1}"#, "x"),
        ("signal", #"{"names":["web"],"signal":"NOPE"}"#, "signal"), ("signal", #"{"names":["web"]}"#, "signal"),
        ("scale", #"{"worker":"web","instances":-1}"#, "instances"), ("scale", #"{"instances":1}"#, "worker"),
        ("logs", #"{"names":["web"],"lines":10001}"#, "lines"),
        ("logs", #"{"names":["web"],"stream":"stdin"}"#, "stream"), ("subscribe", #"{"after":-1}"#, "after"),
        ("subscribe", #"{"kinds":["instance.born"]}"#, "instance.born"), ("why", "{}", "name"),
    ])
    func `a wrong parameter is refused by name`(method: String, parameters: String, named: String) {
        let request = read(#"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(parameters)}"#)
        #expect(code(request) == .invalidParameters)
        #expect(message(request).contains(named))
        #expect(message(request).hasPrefix("cannot "))
    }

    @Test func `more names than the limit are refused`() {
        let names = (0...1000).map { "\"w\($0)\"" }.joined(separator: ",")
        let request = read(#"{"jsonrpc":"2.0","id":1,"method":"status","params":{"names":[\#(names)]}}"#)
        #expect(code(request) == .invalidParameters)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `any bytes at all come out as something`(seed: UInt64) {
        var random = SplitMix(state: seed)
        var frame = Array(#"{"jsonrpc":"2.0","id":1,"method":"start","params":{"names":["web"],"wait":true}}"#.utf8)
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            frame[Int.random(in: 0..<frame.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        switch IncomingRequest(frame: frame) {
        case .command: break
        case .refused(let error, _): #expect(error.message.hasPrefix("cannot "))
        }
    }
}
