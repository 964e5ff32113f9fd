import ControlProtocol
import Foundation
import Linux
import Reactor
import Testing

@testable import SupervisorRuntime

@Suite struct ControlListenerTests {
    @Test func `a removed socket comes back`() throws {
        let harness = try ControlHarness()
        try FileManager.default.removeItem(atPath: harness.path)
        try harness.wait { try FileIdentity(at: harness.path) != nil }
        let client = try harness.connect()
        try client.send(.version, id: 1)
        #expect(try client.next().answerID == .number(1))
    }

    @Test func `who is connected stays so while the socket is removed`() throws {
        let harness = try ControlHarness()
        let client = try harness.connect()
        try client.send(.version, id: 1)
        #expect(try client.next().answerID == .number(1))
        try FileManager.default.removeItem(atPath: harness.path)
        try harness.wait { try FileIdentity(at: harness.path) != nil }
        try client.send(.version, id: 2)
        #expect(try client.next().answerID == .number(2))
    }

    @Test func `a removed directory comes back with everything in it`() throws {
        let harness = try ControlHarness()
        try FileManager.default.removeItem(atPath: harness.directory)
        try harness.wait { try FileIdentity(at: harness.path) != nil }
        let client = try harness.connect()
        try client.send(.version, id: 1)
        #expect(try client.next().answerID == .number(1))
        // And a second time, for the watch must have moved as well.
        try FileManager.default.removeItem(atPath: harness.directory)
        try harness.wait { try FileIdentity(at: harness.path) != nil }
    }

    @Test func `a directory that was moved away is made anew`() throws {
        let harness = try ControlHarness()
        let away = harness.directory + "-away"
        try FileManager.default.moveItem(atPath: harness.directory, toPath: away)
        defer { try? FileManager.default.removeItem(atPath: away) }
        try harness.wait { try FileIdentity(at: harness.path) != nil }
    }

    @Test func `a file in the socket's place is left alone and outwaited`() throws {
        let harness = try ControlHarness()
        try FileManager.default.removeItem(atPath: harness.path)
        try Data("precious".utf8).write(to: URL(fileURLWithPath: harness.path))
        var turns = 0
        try harness.wait {
            turns += 1
            return turns > 100
        }
        #expect(try BoundedFile.readText(harness.path, limit: 64) == "precious")
        try FileManager.default.removeItem(atPath: harness.path)
        try harness.wait { try FileIdentity(at: harness.path)?.kind == .socket }
    }

    @Test func `a second server is refused and told who is there`() throws {
        let harness = try ControlHarness()
        let second = ControlServer(loop: harness.loop, logger: .silent, delegate: harness.delegate)
        let error = #expect(throws: ControlListener.AlreadyRunning.self) {
            try second.listen(at: ControlListener.Place(path: harness.path))
        }
        #expect(error?.description.contains("(pid \(getpid()))") == true)
        let client = try harness.connect()
        try client.send(.version, id: 1)
        #expect(try client.next().answerID == .number(1))
    }

    @Test func `a stale socket is replaced`() throws {
        let harness = try ControlHarness()
        let path = harness.directory + "/stale.sock"
        do { _ = try UnixListener(path: path) }
        let stale = try FileIdentity(at: path)
        #expect(stale?.kind == .socket)
        let server = ControlServer(loop: harness.loop, logger: .silent, delegate: harness.delegate)
        try server.listen(at: ControlListener.Place(path: path))
        let client = try TestClient(path: path, loop: harness.loop)
        try client.send(.version, id: 1)
        #expect(try client.next().answerID == .number(1))
        server.close()
    }

    @Test func `something that is no socket is not removed`() throws {
        let harness = try ControlHarness()
        let path = harness.directory + "/file"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        let server = ControlServer(loop: harness.loop, logger: .silent, delegate: harness.delegate)
        #expect(throws: SystemError.self) { try server.listen(at: ControlListener.Place(path: path)) }
        #expect(try BoundedFile.readText(path, limit: 64) == "precious")
    }

    @Test func `the socket has the mode that was asked for, whatever the umask`() throws {
        let harness = try ControlHarness()
        let path = harness.directory + "/open.sock"
        let server = ControlServer(loop: harness.loop, logger: .silent, delegate: harness.delegate)
        try server.listen(at: ControlListener.Place(path: path, mode: 0o666, group: getgid()))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o666)
        server.close()
    }

    @Test func `closing removes the socket and lets the next one in`() throws {
        let harness = try ControlHarness()
        harness.server.close()
        #expect(try FileIdentity(at: harness.path) == nil)
        try harness.server.listen(at: ControlListener.Place(path: harness.path))
        #expect(try FileIdentity(at: harness.path)?.kind == .socket)
    }
}
