import ControlProtocol
import Foundation
import Linux
import SupervisorCore
import Testing

/// A store that cannot store, with the real daemon. Needs root, for it mounts file systems.
@Suite(.timeLimit(.minutes(5))) struct TaskStoreTests {
    /// Mounts a file system of this size where the store is, for the time of the body.
    private func withStore(_ size: String, _ body: (Roost) throws -> Void) throws {
        let roost = try Roost("[queue.mail]\nslots = 1\n[queue.scratch]\ndurable = false\n", daemon: "")
        let place = "\(roost.path)/state"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let mounted = try Program.run(["mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", place])
        guard isAvailable("right to mount a tmpfs", mounted.code == 0) else { return }
        defer {
            roost.sweep()
            _ = try? Program.run(["umount", "-l", place])
        }
        do {
            try roost.start()
            try body(roost)
            try roost.stop()
        } catch {
            say("---- roostd in \(roost.path):\n\(roost.log)----")
            throw error
        }
    }

    @Test func `on a full disk nothing is half accepted, and it goes on when there is room`() throws {
        try withStore("512k") { roost in
            #expect(try roost.ctl(["pause", "mail"]).code == 0)
            let channel = try roost.channel()
            let big = String(repeating: "x", count: 20_000)
            var accepted: [TaskID] = []
            var refusal: ControlError?
            while refusal == nil, accepted.count < 200 {
                do {
                    accepted.append(try channel.submit(SubmitQuery("mail", ": \(big)")))
                } catch let error as ControlError {
                    refusal = error
                }
            }
            #expect(refusal?.knownCode == .notStored, "\(String(describing: refusal))")
            #expect(refusal?.message.contains("the disk is full") == true, "\(refusal?.message ?? "-")")
            let told = try roost.ctl(["submit", "mail", "--", "echo", big])
            #expect(told.code == 1)
            #expect(told.errors.contains("make room"), "\(told.errors)")
            #expect(try channel.tasks("mail").tasks.map(\.id) == accepted.map(\.number))
            try roost.killDaemon()
            try roost.start()
            #expect(try roost.channel().tasks("mail").tasks.map(\.id) == accepted.map(\.number))
            // What needs no store goes on.
            #expect(try roost.ctl(["submit", "scratch", "--wait", "--", "true"]).code == 0)

            let larger = try Program.run(["mount", "-o", "remount,size=16m", "\(roost.path)/state"])
            #expect(larger.code == 0)
            #expect(try roost.ctl(["resume", "mail"]).code == 0)
            let found = try roost.channel().wait(for: accepted)
            #expect(found.allSatisfy { $0.state == .done })
        }
    }

    @Test func `starts that cannot be stored wait, and the queue says why`() throws {
        try withStore("4m") { roost in
            _ = try roost.channel().wait(for: [try roost.submit("true")])
            #expect(try roost.ctl(["pause", "mail"]).code == 0)
            let id = try roost.submit("echo ran >>\(roost.path)/ran")
            // Even the smallest write fails.
            _ = try Program.run(["sh", "-c", "head -c 10000000 /dev/zero >\(roost.path)/state/filler 2>/dev/null"])
            _ = try Program.run(["mount", "-o", "remount,ro", "\(roost.path)/state"])
            _ = try roost.ctl(["resume", "mail"])
            try eventually("status says why nothing starts") {
                try roost.ctl(["status"]).output.contains("cannot be stored")
            }
            #expect(contents("\(roost.path)/ran") == "")
            #expect(try roost.task(id).state == .queued)
            _ = try Program.run(["mount", "-o", "remount,rw", "\(roost.path)/state"])
            _ = try Program.run(["rm", "\(roost.path)/state/filler"])
            try roost.await(id, .done)
            #expect(contents("\(roost.path)/ran") == "ran\n")
        }
    }

    @Test func `a read-only store is said loudly, and durable submissions are refused`() throws {
        try withStore("4m") { roost in
            let id = try roost.submit("true")
            try roost.await(id, .done)
            try roost.killDaemon()
            _ = try Program.run(["mount", "-o", "remount,ro", "\(roost.path)/state"])
            try roost.start()
            #expect(roost.log.contains("CRITICAL"))
            let refused = try roost.ctl(["submit", "mail", "--", "true"])
            #expect(refused.code == 1)
            #expect(refused.errors.contains("read-only"), "\(refused.errors)")
            #expect(refused.errors.contains("state_directory"), "\(refused.errors)")
            #expect(try roost.ctl(["submit", "scratch", "--wait", "--", "true"]).code == 0)
        }
    }

    @Test func `a damaged store is set aside, loudly`() throws {
        try withRoost("[queue.mail]\n") { roost in
            let id = try roost.submit("true")
            try roost.await(id, .done)
            try roost.killDaemon()
            let state = "\(roost.path)/state"
            _ = try Program.run([
                "sh", "-c", "rm -f \(state)/tasks.db-*; head -c 20000 /dev/urandom >\(state)/tasks.db",
            ])
            try roost.start()
            #expect(roost.log.contains("CRITICAL"))
            #expect(roost.log.contains("tasks.db.corrupt-"))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: state).contains {
                    $0.hasPrefix("tasks.db.corrupt-")
                })
            #expect(try roost.ctl(["submit", "mail", "--wait", "--", "true"]).code == 0)
        }
    }

    @Test func `after a damaged store no number and no log comes to mean another task`() throws {
        try withRoost("[queue.mail]\n[queue.scratch]\ndurable = false\n") { roost in
            let old = try roost.submit("echo old")
            _ = try roost.channel().wait(for: [old])
            try roost.killDaemon()
            let state = "\(roost.path)/state"
            _ = try Program.run([
                "sh", "-c", "rm -f \(state)/tasks.db-*; head -c 20000 /dev/urandom >\(state)/tasks.db",
            ])
            try roost.start()
            #expect(contents("\(roost.path)/log/tasks/mail/\(old).log") == "old\n")
            let new = try roost.submit("echo new")
            #expect(new.number > 1_700_000_000)
            _ = try roost.channel().wait(for: [new])
            #expect(contents("\(roost.path)/log/tasks/mail/\(new).log") == "new\n")
            let volatile = try roost.submit("true", to: "scratch")
            try roost.killDaemon()
            try roost.start()
            #expect(try roost.submit("true", to: "scratch") > volatile)
        }
    }
}
