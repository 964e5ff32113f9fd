import ControlProtocol
import Foundation
import Linux
import SupervisorCore
import Testing

/// When the place where the logs go says no.
@Suite struct LogFaultTests {
    /// Says more than a pipe holds, notes that it could, and says a word whenever it is asked to.
    private func talker(_ log: String) -> String {
        """
        [worker.talker]
        command = ["sh", "-c", '''
        trap 'echo word' USR1
        head -c 3000000 /dev/zero | tr '\\0' x; echo
        echo done > $DIR/done
        while :; do sleep 0.05; done
        ''']
        log = { \(log), rotate_size = 0 }
        """
    }

    @Test(.enabled(if: isAvailable("right to mount", getuid() == 0)))
    func `a full disk makes a worker wait until there is room, and nothing is lost`() throws {
        try withRoost("") { roost in
            let disk = try Disk(at: "\(roost.path)/disk", size: "64k")
            try roost.configure(talker("path = \"$DIR/disk/talker.log\""))
            try roost.program.send(SIGHUP)
            try roost.event(.running, "talker:0")
            try eventually("it is said that the disk is full") { roost.log.contains("No space left on device") }
            #expect(!FileSystem.exists("\(roost.path)/done"))
            #expect(try roost.instance("talker:0").state == .running)
            try disk.grow(to: "16m")
            _ = try roost.file("done")
            try eventually("all is in the log") { disk.size(of: "talker.log") == 3_000_001 }
            try eventually("it is said that all is well") { roost.log.contains("again") }
            _ = try roost.call(.stop(names: ["all"], wait: .untilDone(timeout: nil)))
        }
    }

    @Test(.enabled(if: isAvailable("right to mount", getuid() == 0)))
    func `where output may be dropped a full disk does not hold a worker up`() throws {
        try withRoost("") { roost in
            let disk = try Disk(at: "\(roost.path)/disk", size: "64k")
            try roost.configure(talker("path = \"$DIR/disk/talker.log\", full = \"drop\""))
            try roost.program.send(SIGHUP)
            _ = try roost.file("done")
            #expect(roost.log.contains("No space left on device"))
            try disk.grow(to: "16m")
            try eventually("output arrives again") {
                _ = try roost.ctl(["signal", "USR1", "talker"])
                return contents("\(roost.path)/disk/talker.log").hasSuffix("word\n")
            }
            try eventually("the loss is counted") { roost.log.contains("bytes") }
            _ = try roost.call(.stop(names: ["all"], wait: .untilDone(timeout: nil)))
        }
    }

    @Test func `a log that fails on each write holds a worker up, and the shutdown comes to its end`() throws {
        try withRoost(talker("path = \"/dev/full\"")) { roost in
            try eventually("it is said why") { roost.log.contains("/dev/full") }
            #expect(try roost.instance("talker:0").state == .running)
            #expect(!FileSystem.exists("\(roost.path)/done"))
            try roost.stop()
            #expect(roost.log.contains("bytes of output are lost"), "\(roost.log)")
        }
    }

    @Test func `a log that fails on each write does not hold up a worker whose output may be dropped`() throws {
        try withRoost(talker("path = \"/dev/full\", full = \"drop\"")) { roost in
            _ = try roost.file("done")
            #expect(roost.log.contains("/dev/full"))
        }
    }

    @Test(.enabled(if: isAvailable("right to mount", getuid() == 0)))
    func `a full disk under the logs holds a queue up before roostd has no descriptors left`() throws {
        try withRoost("") { roost in
            let disk = try Disk(at: "\(roost.path)/disk", size: "64k")
            try roost.configure("[queue.mail]\nslots = 4\nlog = { path = \"$DIR/disk/{task}.log\" }\n")
            try roost.program.send(SIGHUP)
            try roost.event(.queueAdded)
            _ = try Program.run(["sh", "-c", "head -c 1000000 /dev/zero >\(roost.path)/disk/filler 2>/dev/null"])
            let channel = try roost.channel()
            let ids = try (1...200).map { try channel.submit(SubmitQuery("mail", "echo \($0)")) }
            try roost.event(.queueStalled, saying: "logs")
            #expect(try roost.ctl(["status"]).output.contains("its logs do not take"))
            #expect(try roost.ctl(["why", "\(ids[199])"]).output.contains("its logs do not take"))
            // As many may have been about to start as there are slots.
            let ended = try channel.tasks("mail").tasks.filter { $0.state == .done }
            #expect((60...72).contains(ended.count), "\(ended.count)")
            #expect(Processes.openDescriptors(of: roost.program.pid).count < 250)
            try disk.grow(to: "16m")
            #expect(try channel.wait(for: ids).allSatisfy { $0.state == .done })
            try roost.event(.queueRecovered)
            for (number, id) in ids.enumerated() {
                try eventually("\(id) is in its log") {
                    contents("\(roost.path)/disk/\(id).log") == "\(number + 1)\n"
                }
            }
        }
    }

    @Test func `a log directory that vanishes comes back`() throws {
        try withRoost(talker("path = \"talker.log\"")) { roost in
            _ = try roost.file("done")
            try FileManager.default.removeItem(atPath: "\(roost.path)/log")
            _ = try roost.ctl(["signal", "USR1", "talker"])
            _ = try roost.file("log/talker.log", containing: "word\n")
        }
    }
}

/// A small file system.
private final class Disk {
    private let path: String

    init(at path: String, size: String) throws {
        self.path = path
        mkdir(path, 0o755)
        try Self.mount(["-t", "tmpfs", "-o", "size=\(size)", "tmpfs", path])
    }

    deinit { umount2(path, 2) }

    func grow(to size: String) throws { try Self.mount(["-o", "remount,size=\(size)", path]) }

    func size(of name: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.size] as? Int).flatMap { $0 }
    }

    private static func mount(_ arguments: [String]) throws {
        let result = try Program.run(["mount"] + arguments)
        guard result.code == 0 else { throw Unexpected("cannot mount: \(result.errors)") }
    }
}
