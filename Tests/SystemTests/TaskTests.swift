import ControlProtocol
import Foundation
import Linux
import SupervisorCore
import Testing

/// Queues of one-off tasks, with the real daemon.
@Suite(.timeLimit(.minutes(5))) struct TaskTests {
    private let mail = """
        [queue.mail]
        slots = 2
        retry = { attempts = 2, delay = "10ms" }

        [queue.scratch]
        durable = false
        """

    @Test func `a command is submitted, runs, and tells its result`() throws {
        try withRoost(mail) { roost in
            let submitted = try roost.ctl(["submit", "mail", "--name", "greeting", "--", "echo", "hello  world"])
            #expect(submitted.code == 0, "\(submitted)")
            let id = try #require(UInt64(submitted.output.dropLast()))
            #expect(try roost.ctl(["wait", "\(id)"]).code == 0)
            let result = try roost.ctl(["result", "\(id)"])
            #expect(result.code == 0)
            #expect(result.output.contains("| hello  world"), "\(result.output)")
            #expect(try roost.ctl(["logs", "\(id)"]).output == "hello  world\n")
            #expect(try roost.ctl(["tasks"]).output.contains("greeting"))
        }
    }

    @Test func `submit --wait shows the output while it comes, and exits as the task does`() throws {
        try withRoost("[queue.mail]\nlog = { path = \"{task}.out\", stderr = \"{task}.err\" }\n") { roost in
            let script = "echo out; echo err >&2; exit 7"
            let result = try roost.ctl(["submit", "mail", "--wait", "--", "sh", "-c", script])
            #expect(result.code == 7)
            #expect(result.output == "out\n")
            #expect(result.errors.hasPrefix("err\n"))
            #expect(try roost.ctl(["submit", "mail", "--wait", "--", "sh", "-c", "kill -9 $$"]).code == 137)
            #expect(try roost.ctl(["submit", "mail", "--wait", "--", "/nonexistent"]).code != 0)
        }
    }

    @Test func `much output arrives whole`() throws {
        try withRoost(mail) { roost in
            let result = try roost.ctl(["submit", "mail", "--wait", "--", "seq", "100000"])
            #expect(result.code == 0)
            #expect(result.output == (1...100_000).map { "\($0)\n" }.joined())
        }
    }

    @Test func `a task runs where it was submitted, with what the queue lets through`() throws {
        let queue = "[queue.mail]\nsubmitter_environment = [\"LET_*\"]\n"
        try withRoost(queue) { roost in
            let script = "pwd; echo ${LET_THROUGH-none} ${NOT_LET-none} $GIVEN $ROOST_TASK"
            let result = try Program.run(
                [
                    "sh", "-c", "cd /usr/bin && exec \"$0\" \"$@\"", "\(Places.executables)/roostctl", "submit", "mail",
                    "--env", "GIVEN=x", "--wait", "--", "sh", "-c", script,
                ], environment: ["ROOST_SOCKET": roost.socket, "LET_THROUGH": "let", "NOT_LET": "secret"])
            #expect(result.output == "/usr/bin\nlet none x 1\n", "\(result)")
        }
    }

    @Test func `what fails is tried again, and retry by hand begins anew`() throws {
        try withRoost(mail) { roost in
            let id = try roost.submit("echo x >>\(roost.path)/runs; test -e \(roost.path)/good")
            // Its end is stored when that is told, so that it can be retried.
            #expect(try roost.channel().wait(for: [id]).map(\.state) == [.failed])
            #expect(contents("\(roost.path)/runs") == "x\nx\n")
            try write("", to: "\(roost.path)/good")
            #expect(try roost.ctl(["retry", "\(id)"]).code == 0)
            #expect(try roost.ctl(["wait", "\(id)"]).code == 0)
            #expect(contents("\(roost.path)/runs") == "x\nx\nx\n")
        }
    }

    @Test func `a task that runs is cancelled with all that it has started`() throws {
        try withRoost(mail) { roost in
            let id = try roost.submit("sleep 12345 & sleep 12345 & wait")
            try roost.await(id, .running)
            try eventually("its children are there") { Processes.carrying(roost.path).count >= 3 }
            let cancelled = try roost.ctl(["cancel", "\(id)"])
            #expect(cancelled.code == 0, "\(cancelled)")
            #expect(try roost.task(id).state == .cancelled)
            #expect(Processes.carrying(roost.path).filter { $0 != roost.program.pid }.isEmpty)
        }
    }

    @Test func `a paused queue takes tasks and starts none, also after a restart of roostd`() throws {
        try withRoost(mail) { roost in
            #expect(try roost.ctl(["pause", "mail"]).code == 0)
            let id = try roost.submit("true")
            try roost.killDaemon()
            try roost.start()
            #expect(try roost.task(id).state == .queued)
            #expect(try roost.ctl(["status"]).output.contains("paused"))
            #expect(try roost.ctl(["resume", "all"]).code == 0)
            #expect(try roost.ctl(["wait", "\(id)"]).code == 0)
        }
    }

    @Test func `tasks wait for others`() throws {
        try withRoost(mail) { roost in
            #expect(try roost.ctl(["pause", "mail"]).code == 0)
            let first = try roost.submit("echo first >>\(roost.path)/order")
            let second = try roost.ctl(
                ["submit", "mail", "--after", "\(first)", "--", "sh", "-c", "echo second >>\(roost.path)/order"])
            #expect(second.code == 0, "\(second)")
            #expect(try roost.ctl(["resume", "mail"]).code == 0)
            #expect(try roost.ctl(["wait", "\(first)", String(second.output.dropLast())]).code == 0)
            #expect(contents("\(roost.path)/order") == "first\nsecond\n")
        }
    }

    @Test func `the same key is the same task`() throws {
        try withRoost(mail) { roost in
            let arguments = ["submit", "mail", "--key", "only-once", "--", "sh", "-c", "echo x >>\(roost.path)/runs"]
            let first = try roost.ctl(arguments)
            let second = try roost.ctl(arguments)
            #expect(first.output == second.output)
            #expect(try roost.ctl(["wait", String(first.output.dropLast())]).code == 0)
            #expect(contents("\(roost.path)/runs") == "x\n")
        }
    }

    @Test func `what ran when roostd was killed is ended by the next one, and told`() throws {
        try withRoost(mail) { roost in
            let id = try roost.submit("setsid sleep 12345 & sleep 12345 & wait")
            try eventually("all of it is there") { Processes.carrying(roost.path).count >= 4 }
            try roost.killDaemon()
            #expect(Processes.carrying(roost.path).count >= 3)
            try roost.start()
            #expect(try roost.task(id).state == .interrupted)
            // The queue starts nothing before all of it is gone.
            let next = try roost.submit("true")
            try roost.await(next, .done)
            #expect(Processes.carrying(roost.path).filter { $0 != roost.program.pid }.isEmpty)
            #expect(roost.log.contains("when an earlier roostd died"), "\(roost.log)")
            #expect(try roost.ctl(["result", "\(id)"]).code == 1)
        }
    }

    @Test func `a task of a queue in memory does not outlive roostd either`() throws {
        try withRoost(mail) { roost in
            let id = try roost.submit("sleep 12345", to: "scratch")
            try roost.await(id, .running)
            try eventually("it is there") { Processes.carrying(roost.path).count >= 2 }
            try roost.killDaemon()
            try roost.start()
            try eventually("it is gone") { Processes.carrying(roost.path).filter { $0 != roost.program.pid }.isEmpty }
            #expect(try roost.ctl(["result", "\(id)"]).code == 6)
            // Its number never comes again.
            #expect(try roost.submit("true", to: "scratch") > id)
        }
    }

    @Test func `the logs of tasks are forgotten with them`() throws {
        try withRoost("[queue.mail]\nkeep = 3\n") { roost in
            for number in 1...8 { _ = try roost.channel().wait(for: [try roost.submit("echo \(number)")]) }
            try eventually("three logs are left") {
                try FileManager.default.contentsOfDirectory(atPath: "\(roost.path)/log/tasks/mail").count == 3
            }
        }
    }

    @Test func `logs of tasks that a killed roostd held in memory only go when the next one starts`() throws {
        try withRoost(mail) { roost in
            let lost = try roost.submit("echo lost", to: "scratch")
            let kept = try roost.submit("echo kept")
            _ = try roost.channel().wait(for: [lost, kept])
            let logs = "\(roost.path)/log/tasks"
            try write("mine", to: "\(logs)/scratch/notes.txt")
            try roost.killDaemon()
            try roost.start()
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(logs)/scratch") == ["notes.txt"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(logs)/mail") == ["\(kept).log"])
            #expect(try roost.ctl(["logs", "\(kept)"]).output == "kept\n")
        }
    }

    @Test func `logs that are not of this store's tasks stay`() throws {
        try withRoost("[queue.mail]\n[queue.out]\nlog = { path = \"$DIR/out/{task}.csv\" }\n") { roost in
            let id = try roost.submit("true")
            _ = try roost.channel().wait(for: [id, try roost.submit("echo out", to: "out")])
            // A number that was never given out is somebody else's, and so is what lies elsewhere.
            try write("another roostd's", to: "\(roost.path)/log/tasks/mail/987654321.log")
            try write("figures", to: "\(roost.path)/out/1.csv")
            try roost.killDaemon()
            try roost.start()
            #expect(FileSystem.exists("\(roost.path)/log/tasks/mail/987654321.log"))
            #expect(FileSystem.exists("\(roost.path)/out/1.csv"))
        }
    }

    @Test func `a store that is begun anew removes no logs`() throws {
        try withRoost(mail) { roost in
            let id = try roost.submit("echo kept")
            _ = try roost.channel().wait(for: [id])
            try roost.killDaemon()
            try FileManager.default.removeItem(atPath: "\(roost.path)/state")
            try roost.start()
            #expect(contents("\(roost.path)/log/tasks/mail/\(id).log") == "kept\n")
        }
    }

    @Test func `logs are forgotten where they were put, although the queue is elsewhere now or gone`() throws {
        try withRoost("[queue.mail]\nlog = { path = \"a/{task}.log\" }\n") { roost in
            _ = try roost.channel().wait(for: [try roost.submit("true")])
            try roost.configure("[queue.mail]\nlog = { path = \"b/{task}.log\" }\n")
            #expect(try roost.ctl(["apply"]).code == 0)
            _ = try roost.channel().wait(for: [try roost.submit("true")])
            #expect(FileSystem.exists("\(roost.path)/log/a/1.log") && FileSystem.exists("\(roost.path)/log/b/2.log"))
            try roost.configure("")
            #expect(try roost.ctl(["apply"]).code == 0)
            try roost.event(.queueRemoved)
            #expect(!FileSystem.exists("\(roost.path)/log/a/1.log") && !FileSystem.exists("\(roost.path)/log/b/2.log"))
        }
    }

    @Test func `a task's log is not written through a link that somebody has put there`() throws {
        try withRoost("[queue.mail]\nlog = { path = \"$DIR/out/{task}.log\" }\n") { roost in
            try FileManager.default.createDirectory(atPath: "\(roost.path)/out", withIntermediateDirectories: true)
            try write("secret\n", to: "\(roost.path)/victim")
            for name in ["1.log", "1.log.1"] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(roost.path)/out/\(name)", withDestinationPath: "\(roost.path)/victim")
            }
            let id = try roost.submit("echo mine")
            _ = try roost.channel().wait(for: [id])
            try eventually("it is told") { roost.log.contains("cannot write the log") }
            #expect(contents("\(roost.path)/victim") == "secret\n")
            #expect(try roost.ctl(["logs", "\(id)"]).output == "")
            try FileManager.default.removeItem(atPath: "\(roost.path)/out/1.log")
            #expect(try !roost.ctl(["logs", "\(id)"]).output.contains("secret"))
        }
    }

    @Test func `many tasks leave no descriptor open`() throws {
        try withRoost(mail) { roost in
            let channel = try roost.channel()
            _ = try channel.wait(for: [try channel.submit(SubmitQuery("mail", "echo first"))])
            let before = Processes.openDescriptors(of: roost.program.pid)
            let ids = try (1...60).map { try channel.submit(SubmitQuery("mail", "echo \($0); echo >&2 err")) }
            _ = try channel.wait(for: ids)
            for id in ids.prefix(20) { _ = try roost.call(.logs(LogQuery(names: ["\(id)"])), LogsResult.self) }
            try eventually("there are as many descriptors as before, \(before)") {
                Processes.openDescriptors(of: roost.program.pid).count <= before.count
            }
        }
    }

    @Test func `tasks are followed to their last word, one after the other on one connection`() throws {
        try withRoost(mail) { roost in
            let channel = try roost.channel()
            for number in 1...20 {
                var query = SubmitQuery("mail", "echo first \(number); echo last \(number)")
                query.follow = true
                let id = try channel.submit(query)
                try channel.output(containing: "first \(number)\nlast \(number)\n")
                _ = try channel.wait(for: [id])
            }
            #expect(channel.output.split(separator: "\n").count == 40)
        }
    }

    @Test func `a full queue refuses, or lets wait`() throws {
        try withRoost("[queue.mail]\ncapacity = 1\n") { roost in
            let first = try roost.submit("while ! test -e \(roost.path)/go; do sleep 0.01; done")
            let refused = try roost.ctl(["submit", "mail", "--", "true"])
            #expect(refused.code == 9)
            let late = try roost.ctl(["submit", "mail", "--wait-for-room", "--room-timeout", "0.1", "--", "true"])
            #expect(late.code == 8, "\(late)")
            let channel = try roost.channel()
            var query = SubmitQuery("mail", "true")
            query.waitForRoom = true
            let waiting = try channel.ask(.task(.submit(query, wait: .untilDone(timeout: nil))))
            try write("", to: "\(roost.path)/go")
            let second = try channel.result(of: waiting, SubmitResult.self)
            #expect(second.task > first.number)
        }
    }

    @Test func `plan and apply show queues`() throws {
        try withRoost(mail) { roost in
            try roost.configure("[queue.mail]\nslots = 3\n[queue.more]\n")
            let plan = try roost.ctl(["plan"])
            #expect(plan.output.contains("queue more is new"), "\(plan)")
            #expect(plan.output.contains("slots"), "\(plan)")
            #expect(try roost.ctl(["apply"]).code == 0)
            #expect(try roost.ctl(["submit", "more", "--wait", "--", "true"]).code == 0)
        }
    }

    @Test func `a roostd without queues makes no store and no thread`() throws {
        try withRoost("[worker.web]\ncommand = \"sleep 12345\"\n") { roost in
            #expect(!FileSystem.exists("\(roost.path)/state/tasks.db"))
            let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(roost.program.pid)/task")
            #expect(threads.count == 1)
        }
    }
}
