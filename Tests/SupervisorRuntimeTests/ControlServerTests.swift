import ControlProtocol
import Foundation
import Linux
import Reactor
import Scheduling
import SupervisorCore
import Testing

@testable import SupervisorRuntime

@Suite struct ControlServerTests {
    @Test func `a request is answered with its id`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send(.version, id: 7)
        guard case .answer(.number(7), let answer) = try client.next() else {
            Issue.record("no answer")
            return
        }
        #expect(try answer.result(of: DaemonStatus.self) == RecordingDelegate.version)
    }

    @Test func `a request that comes byte by byte is answered`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        for byte in Frame.request(.version, id: .number(1)) { try client.send([byte]) }
        #expect(try client.next().answerID == .number(1))
    }

    @Test func `the peer is who the kernel says`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send(.plan, id: 1)
        try harness.wait { !harness.delegate.held.isEmpty }
        let peer = harness.delegate.held[0].peer
        #expect(peer.user == getuid())
        #expect(peer.groups.contains(getgid()))
        #expect(peer.pid == getpid())
    }

    @Test func `an answer may come later and in another order`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send(.plan, id: 1)
        try client.send(.status(names: []), id: 2)
        try harness.wait { harness.delegate.held.count == 2 }
        harness.server.answer(harness.delegate.held[1].token, EmptyResult())
        harness.server.refuse(harness.delegate.held[0].token, ControlError(Reply.Refusal.shuttingDown))
        #expect(try client.next().answerID == .number(2))
        #expect(try client.next().errorCode == .shuttingDown)
    }

    @Test func `a token answers once`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send(.plan, id: 1)
        try harness.wait { !harness.delegate.held.isEmpty }
        harness.server.answer(harness.delegate.held[0].token, EmptyResult())
        harness.server.answer(harness.delegate.held[0].token, EmptyResult())
        try client.send(.version, id: 2)
        #expect(try client.next().answerID == .number(1))
        #expect(try client.next().answerID == .number(2))
    }

    @Test func `a notification is carried out and not answered`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send("{\"jsonrpc\":\"2.0\",\"method\":\"version\"}\n")
        try client.send(.version, id: 2)
        #expect(try client.next().answerID == .number(2))
    }

    @Test func `garbage gets an error and harms neither its connection nor another`() throws {
        let harness = try ControlHarness()
        let bystander = try harness.connect()
        let client = try harness.connect()
        try client.send([0, 255, 10, 1, 2, 3, 10])
        #expect(try client.next().errorCode == .parseError)
        #expect(try client.next().errorCode == .parseError)
        try client.send(.version, id: 1)
        #expect(try client.next().answerID == .number(1))
        try bystander.send(.version, id: 2)
        #expect(try bystander.next().answerID == .number(2))
    }

    @Test func `half a frame waits and holds up nobody`() throws {
        let harness = try ControlHarness()
        let slow = try harness.connect()
        try slow.send("{\"jsonrpc\":")
        let client = try harness.connect()
        try client.send(.version, id: 1)
        #expect(try client.next().answerID == .number(1))
        try slow.send("\"2.0\",\"id\":5,\"method\":\"version\"}\n")
        #expect(try slow.next().answerID == .number(5))
    }

    @Test func `a frame of ten megabytes is refused and its connection closed`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send([UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20))
        try client.waitForEnd()
        let other = try harness.connect()
        try other.send(.version, id: 1)
        #expect(try other.next().answerID == .number(1))
        #expect(harness.server.connectionCount == 1)
    }

    @Test func `who sends too long a frame is told the limit`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send([UInt8](repeating: UInt8(ascii: "x"), count: FrameReader.requestLimit + 1))
        #expect(try client.next().errorCode == .invalidRequest)
        #expect(try client.next() == nil)
    }

    @Test func `more requests at once than the limit are refused as busy`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        for id in 0..<65 as Range<Int64> { try client.send(.plan, id: id) }
        #expect(try client.next().errorCode == .busy)
        #expect(harness.delegate.held.count == 64)
    }

    @Test func `a flood from one client lets another in between`() throws {
        let harness = try ControlHarness()
        let flood = try harness.connect()
        let client = try harness.connect()
        try flood.send(Array(repeatElement(Frame.request(.version, id: .number(1)), count: 500).joined()))
        try client.send(.version, id: 2)
        #expect(try client.next().answerID == .number(2))
        for _ in 0..<500 { #expect(try flood.next().answerID == .number(1)) }
    }

    @Test func `who shuts down its sending side still gets its answers, and then the end`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send(.plan, id: 1)
        try client.send(.version, id: 2)
        client.shutdownWriting()
        #expect(try client.next().answerID == .number(2))
        try harness.wait { !harness.delegate.held.isEmpty }
        harness.server.answer(harness.delegate.held[0].token, EmptyResult())
        #expect(try client.next().answerID == .number(1))
        #expect(try client.next() == nil)
        #expect(harness.server.connectionCount == 0)
    }

    @Test func `a last request without a newline is taken at the end`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send(Array(Frame.request(.version, id: .number(1)).dropLast()))
        client.shutdownWriting()
        #expect(try client.next().answerID == .number(1))
        #expect(try client.next() == nil)
    }

    @Test func `what a client asked for before it went is carried out`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        for id in 0..<40 as Range<Int64> { try client.send(.plan, id: id) }
        client.close()
        try harness.wait { harness.delegate.closed == 1 }
        #expect(harness.delegate.held.count == 40)
        #expect(harness.delegate.abandoned.count == 40)
    }

    @Test func `a client that never reads is dropped and others are served`() throws {
        var limits = ControlServer.Limits()
        limits.queueBytes = 64 << 10
        let harness = try ControlHarness(limits)
        let deaf = try harness.connect()
        let client = try harness.connect()
        try deaf.send(.subscribe(EventQuery()), id: 1)
        #expect(try deaf.next().answerID == .number(1))
        let announcement = Announcement(.running, message: String(repeating: "x", count: 1000))
        try harness.wait {
            harness.server.announce(announcement, at: Timestamp(nanoseconds: 0))
            return harness.server.counters.slowReaders == 1
        }
        try client.send(.version, id: 2)
        #expect(try client.next().answerID == .number(2))
        // When it reads after all, it finds whole frames and the reason.
        var last: ServerMessage?
        while let message = try deaf.next() { last = message }
        #expect(Optional(last).flatMap { $0 }.errorCode == .slowReader)
        #expect(harness.server.connectionCount == 1)
    }

    @Test func `a deaf client that never reads again is gone after its time`() throws {
        var limits = ControlServer.Limits()
        limits.queueBytes = 4096
        limits.closingTime = .milliseconds(10)
        let harness = try ControlHarness(limits)
        let deaf = try harness.connect()
        try deaf.send(.subscribe(EventQuery()), id: 1)
        let announcement = Announcement(.running, message: String(repeating: "x", count: 1000))
        try harness.wait {
            harness.server.announce(announcement, at: Timestamp(nanoseconds: 0))
            return harness.server.counters.slowReaders == 1
        }
        try harness.wait { harness.server.connectionCount == 0 }
    }

    @Test func `an answer that is too large is refused instead`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send(.plan, id: 1)
        try harness.wait { !harness.delegate.held.isEmpty }
        let huge = String(repeating: "x", count: FrameReader.answerLimit)
        harness.server.answer(harness.delegate.held[0].token, [huge])
        #expect(try client.next().errorCode == .internalError)
    }

    @Test func `of a thousand idle connections the oldest make room for who has something to ask`() throws {
        let harness = try ControlHarness()
        var idle: [TestClient] = []
        for _ in 0..<1000 { idle.append(try harness.connect()) }
        let client = try harness.connect()
        try client.send(.version, id: 1)
        #expect(try client.next().answerID == .number(1))
        #expect(harness.server.connectionCount == 512)
        #expect(harness.server.counters.evicted == 1001 - 512)
        #expect(try idle[0].next().errorCode == .busy)
    }

    @Test func `when all connections are busy a new one is told so`() throws {
        var limits = ControlServer.Limits()
        limits.connections = 2
        let harness = try ControlHarness(limits)
        let busy = [try harness.connect(), try harness.connect()]
        for client in busy { try client.send(.plan, id: 1) }
        try harness.wait { harness.delegate.held.count == 2 }
        let third = try harness.connect()
        #expect(try third.next().errorCode == .busy)
        #expect(try third.next() == nil)
        #expect(harness.server.connectionCount == 2)
    }
}
