import ControlProtocol
import Foundation
import Linux
import SupervisorCore
import Testing

/// Whatever arrives on the control socket: workers and other clients do not notice.
@Suite struct BadInputTests {
    private func withBystanders(_ body: (Roost) throws -> Void) throws {
        let workers = """
            [worker.web]
            command = "sleep 12345"
            instances = 3
            [worker.talker]
            command = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done"]
            log = "talker.log"
            """
        try withRoost(workers) { roost in
            for name in ["web:0", "web:1", "web:2", "talker:0"] { try roost.event(.running, name) }
            let before = try roost.status().mapValues(\.pid)
            try body(roost)
            // A subscriber is never idle, so it was not shown the door either.
            let after = try roost.events.call(.status(names: []), StatusResult.self).instances
            #expect(Dictionary(uniqueKeysWithValues: after.map { ($0.name, $0.pid) }) == before)
            #expect(try roost.ctl(["status"]).code == 0)
        }
    }

    @Test func `garbage is answered with an error`() throws {
        try withBystanders { roost in
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<50 {
                let noise = (0..<512).map { _ in UInt8.random(in: 0...255, using: &generator) }
                let channel = try roost.channel()
                try channel.send(noise.filter { $0 != 10 && $0 != 32 } + [10])
                guard case .failure(.null, let error) = try channel.next() else { throw Unexpected("no error") }
                #expect(error.code == ControlError.Code.parseError.rawValue)
            }
        }
    }

    @Test func `half a frame is no frame`() throws {
        try withBystanders { roost in
            for _ in 0..<50 {
                let channel = try roost.channel()
                try channel.send(Array(#"{"jsonrpc":"2.0","id":1,"method":"shutdown""#.utf8))
            }
        }
    }

    @Test func `a frame of 10 MB is refused`() throws {
        try withBystanders { roost in
            let channel = try roost.channel()
            let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
            do {
                for _ in 0..<10 { try channel.send(chunk) }
                try channel.send([10])
            } catch {
                // Whoever was refused is not listened to any longer.
            }
            #expect(try channel.end()?.code == ControlError.Code.invalidRequest.rawValue)
        }
    }

    @Test func `a thousand idle connections leave room for others`() throws {
        try withBystanders { roost in
            let before = Processes.openDescriptors(of: roost.program.pid).count
            var idle: [Channel] = []
            for _ in 0..<1000 { idle.append(try eventually("one more connects") { try? roost.channel() }) }
            #expect(try roost.call(.version, DaemonStatus.self).pid == roost.program.pid)
            #expect(Processes.openDescriptors(of: roost.program.pid).count < before + 600)
            idle = []
            try eventually("their descriptors are closed") {
                Processes.openDescriptors(of: roost.program.pid).count <= before + 2
            }
        }
    }

    @Test func `a client that never reads is dropped`() throws {
        try withBystanders { roost in
            let deaf = try roost.channel()
            _ = try deaf.call(.subscribe(EventQuery()), SubscribeResult.self)
            // Each answer is long, and none is read.
            let request = Frame.request(.status(names: []), id: .number(7))
            do {
                for _ in 0..<20_000 { try deaf.send(request) }
            } catch {
                // Closed on us, as it should be.
            }
            try eventually("it is no longer kept", within: .seconds(30)) {
                (try? deaf.send(request)) == nil
            }
        }
    }

    @Test func `a storm of connections is weathered`() throws {
        try withBystanders { roost in
            let before = Processes.openDescriptors(of: roost.program.pid).count
            for round in 0..<2000 {
                let channel = try eventually("one more connects") { try? roost.channel() }
                if round % 3 == 0 { try? channel.send(Frame.request(.status(names: []), id: .number(1))) }
            }
            try eventually("their descriptors are closed") {
                Processes.openDescriptors(of: roost.program.pid).count <= before + 2
            }
        }
    }
}
