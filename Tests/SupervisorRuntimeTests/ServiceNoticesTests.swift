import Linux
import Reactor
import Systemd
import Testing

@testable import SupervisorRuntime

@Suite struct ServiceNoticesTests {
    @Test func `a service manager that does not read makes nobody wait, and hears all in order when it does`() throws {
        let directory = ScratchDirectory()
        let path = "\(directory.path)/notify"
        let manager = try UnixDatagramSocket(bindingTo: path)
        let loop = try EventLoop()
        let client = try UnixDatagramSocket(connectingTo: path)
        func send(_ notice: String) -> Bool {
            guard InitSystem.takesNotices(at: path) else { return false }
            return (try? client.descriptor.send(Array(notice.utf8)[...])) == .moved(notice.utf8.count)
        }
        let notices = ServiceNotices(on: loop, send)
        var fillers = 0
        while send("STATUS=filler") { fillers += 1 }
        notices.say("RELOADING=1", "MONOTONIC_USEC=1")
        notices.say("READY=1")
        var heard: [String] = []
        var buffer = [UInt8](repeating: 0, count: 256)
        try loop.turn {
            while let message = try manager.receive(into: &buffer) {
                heard.append(String(decoding: buffer[..<message.length], as: UTF8.self))
            }
            return heard.count == fillers + 2
        }
        #expect(heard.suffix(2) == ["RELOADING=1\nMONOTONIC_USEC=1", "READY=1"])
    }

    @Test func `of what a deaf service manager should have heard the newest is kept`() throws {
        let loop = try EventLoop()
        var isDeaf = true
        var heard: [String] = []
        let notices = ServiceNotices(on: loop) { notice in
            if !isDeaf { heard.append(notice) }
            return !isDeaf
        }
        for number in 1...100 { notices.say("STATUS=\(number)") }
        isDeaf = false
        try loop.turn { heard.count == 16 }
        #expect(heard.last == "STATUS=100")
    }
}
