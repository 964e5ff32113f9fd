import ControlProtocol
import Foundation
import Linux
import SupervisorCore
import Testing

/// Pools of real processes, one a test, called over the control channel.
@Suite(.timeLimit(.minutes(5))) struct PoolTests {
    /// Does as it is told: sleeps so many seconds, dies, hangs, lies, says who it is, or answers with the task.
    private static func pool(_ keys: String = "") -> String {
        """
        [pool.jobs]
        command = ["$PYTHON", "$WORKERS/tasks.py"]
        restart = { delay = "0s" }
        \(keys)
        """
    }

    @Test func `a worker that dies in a task fails that task, and the next one is answered`() throws {
        try withRoost(Self.pool()) { roost in
            let pid = try roost.pid("jobs:0")
            let died = try roost.pool("\"die\"")
            #expect(died.state == .failed)
            #expect(died.reason == "crashed")
            #expect(try roost.pool("\"hello\"").text == "\"hello\"")
            #expect(try roost.pid("jobs:0") != pid)
        }
    }

    @Test func `kill -9 of a worker at work is a crash of its task alone`() throws {
        try withRoost(Self.pool("slots = 2")) { roost in
            let channel = try roost.channel()
            let doomed = try channel.ask(.call(PoolQuery(pool: "jobs", task: Array("\"hang\"".utf8))))
            let other = try channel.ask(.call(PoolQuery(pool: "jobs", task: Array("0.5".utf8))))
            let tasks = try eventually("the task runs") {
                try roost.call(.task(.list(TaskQuery())), TasksResult.self).tasks.first { $0.json == "\"hang\"" }?.pid
            }
            kill(tasks, SIGKILL)
            #expect(try channel.poolResult(of: doomed).reason == "crashed")
            #expect(try channel.poolResult(of: other).text == "0.5")
        }
    }

    @Test func `a task that hangs is ended with its process, and the pool goes on`() throws {
        try withRoost(Self.pool("task_timeout = \"1s\"\nretry = { attempts = 2, delay = \"0s\" }")) { roost in
            let hung = try roost.pool("\"hang\"")
            #expect(hung.reason == "timed_out")
            #expect(try roost.pool("1e-3").state == .done)
            #expect(try roost.instance("jobs:0").run == 3, "one process for each attempt, and one after")
        }
    }

    @Test func `garbage, a second line and a cut line cost a process its life and no other task its answer`() throws {
        try withRoost(Self.pool()) { roost in
            #expect(try roost.pool("\"garbage\"").reason == "bad_answer")
            #expect(try roost.pool("\"babble\"").text == "\"babble\"")
            let after = try roost.pool("\"after\"")
            #expect(after.text == "\"after\"", "\(after)")
            let cut = try roost.pool("\"cut\"")
            #expect(cut.reason == "crashed")
            #expect(cut.errorText.contains("unfinished line"))
            #expect(try roost.pool("\"flood\"").reason == "bad_answer")
            #expect(try roost.pool("\"last\"").text == "\"last\"")
        }
    }

    @Test func `a process is replaced after its share of tasks`() throws {
        try withRoost(Self.pool("tasks_per_process = 3")) { roost in
            let pids = try (0..<9).map { _ in try roost.pool("\"pid\"").text }
            #expect(Set(pids).count == 3)
            #expect(pids[0] == pids[2] && pids[3] == pids[5] && pids[6] == pids[8])
            #expect(try roost.instance("jobs:0").restarts == 0)
        }
    }

    @Test func `a full pool refuses, and who waits for room gets in`() throws {
        try withRoost(Self.pool("capacity = 1")) { roost in
            let channel = try roost.channel()
            let slow = try channel.ask(.call(PoolQuery(pool: "jobs", task: Array("0.3".utf8))))
            _ = try eventually("it runs") { try roost.call(.task(.list(TaskQuery())), TasksResult.self).tasks.first }
            let refused = try roost.ctl(["call", "jobs", "1"])
            #expect(refused.code == 9, "\(refused.errors)")
            let patient = try roost.ctl(["call", "jobs", "\"x\"", "--wait-for-room"])
            #expect(patient.output == "\"x\"\n")
            #expect(try channel.poolResult(of: slow).text == "0.3")
        }
    }

    @Test func `64 callers at once get their own answers`() throws {
        try withRoost(Self.pool("slots = 3")) { roost in
            let channels = try (0..<64).map { _ in try roost.channel() }
            for round in 0..<5 {
                let asked = try channels.enumerated().map { index, channel in
                    try channel.ask(.call(PoolQuery(pool: "jobs", task: Array("\"\(round)-\(index)\"".utf8))))
                }
                for (index, channel) in channels.enumerated() {
                    #expect(try channel.poolResult(of: asked[index]).text == "\"\(round)-\(index)\"")
                }
            }
        }
    }

    @Test func `a task and an answer of nearly a megabyte pass`() throws {
        try withRoost(Self.pool()) { roost in
            let task = "\"" + String(repeating: "ä", count: 500_000) + "\""
            let answer = try roost.pool(task).text
            #expect(answer == task)
        }
    }

    @Test func `a stop lets the task at work end`() throws {
        try withRoost(Self.pool()) { roost in
            let channel = try roost.channel()
            let slow = try channel.ask(.call(PoolQuery(pool: "jobs", task: Array("0.5".utf8))))
            _ = try eventually("it runs") { try roost.call(.task(.list(TaskQuery())), TasksResult.self).tasks.first }
            _ = try roost.call(.stop(names: ["jobs"], wait: .untilDone(timeout: nil)))
            #expect(try channel.poolResult(of: slow).text == "0.5")
            let refused = try roost.ctl(["call", "jobs", "1"])
            #expect(refused.code == 1)
            #expect(refused.errors.contains("jobs:0 is stopped"))
        }
    }

    @Test func `kill -9 of roostd ends the input of its pool's processes, and they end`() throws {
        let roost = try Roost(Self.pool("slots = 2"), daemon: "")
        defer { roost.sweep() }
        try roost.start()
        let pids = try [roost.pid("jobs:0"), roost.pid("jobs:1")]
        try roost.program.send(SIGKILL)
        _ = try roost.program.wait()
        try eventually("the processes end") { !pids.contains(where: Processes.isAlive) }
    }

    @Test func `map keeps the order, and says which line failed`() throws {
        try withRoost(Self.pool("slots = 3")) { roost in
            let lines = (0..<200).map { "\"\($0)\"" }
            let text = lines.joined(separator: "\n") + "\n"
            let mapped = try roost.ctl(["map", "jobs"], input: text)
            #expect(mapped.code == 0, "\(mapped.errors)")
            #expect(mapped.output == text)
            let unordered = try roost.ctl(["map", "jobs", "--unordered"], input: text)
            #expect(unordered.output.split(separator: "\n").map(String.init).sorted() == lines.sorted())
            let failing = try roost.ctl(["map", "jobs", "--keep-going"], input: "1e-3\nnonsense\n\"error\"\n\"z\"\n")
            #expect(failing.code == 1)
            let expected = "0.001\n{\"error\":\"line 2 is no JSON\"}\n{\"error\":\"as asked\"}\n\"z\"\n"
            #expect(failing.output == expected)
            let stopping = try roost.ctl(["map", "jobs"], input: "\"a\"\n\"error\"\n")
            #expect(stopping.code == 1)
            #expect(stopping.output == "\"a\"\n")
            #expect(stopping.errors.contains("line 2"))
        }
    }

    @Test func `a task that is not waited for can be waited for, looked at and cancelled`() throws {
        try withRoost(Self.pool()) { roost in
            let first = try roost.ctl(["call", "jobs", "0.2", "--no-wait"]).output.dropLast()
            #expect(try roost.ctl(["wait", String(first)]).code == 0)
            #expect(try roost.ctl(["result", String(first)]).output.contains("0.2"))
            let second = try roost.ctl(["call", "jobs", "\"hang\"", "--no-wait"]).output.dropLast()
            #expect(try roost.ctl(["cancel", String(second)]).code == 0)
            #expect(try roost.pool("\"next\"").text == "\"next\"")
        }
    }
}

/// The workers of docs/examples/pools, as they are.
@Suite(.timeLimit(.minutes(5))) struct PoolExampleTests {
    private static let examples = "\(Places.package)/docs/examples/pools"

    private func check(_ command: [String], task: String, answer: String, failing: String?) throws {
        let words = command.map { "\"\($0)\"" }.joined(separator: ", ")
        try withRoost("[pool.jobs]\ncommand = [\(words)]") { (roost: Roost) throws -> Void in
            for _ in 0..<3 { #expect(try roost.pool(task).text == answer) }
            guard let failing else { return }
            #expect(try roost.pool(failing).reason == "error")
            #expect(try roost.pool(task).text == answer)
            #expect(try roost.instance("jobs:0").run == 1, "an error does not end it")
        }
    }

    @Test func `the worker in Python works`() throws {
        try check(
            [Places.python, "\(Self.examples)/worker.py"], task: "{\"numbers\":[1,2,3]}", answer: "{\"sum\":6}",
            failing: "{}")
    }

    @Test(.enabled(if: isAvailable("node", FileSystem.exists("/usr/bin/node"))))
    func `the worker for Node works`() throws {
        try check(
            ["/usr/bin/node", "\(Self.examples)/worker.mjs"], task: "{\"numbers\":[1,2,3]}", answer: "{\"sum\":6}",
            failing: "{}")
    }

    @Test func `the worker for a shell works`() throws {
        try check(
            ["/bin/sh", "\(Self.examples)/worker.sh"], task: "[1,2]", answer: "\"the task has 5 bytes\"", failing: nil)
    }
}

extension Roost {
    /// Calls the pool "jobs".
    fileprivate func pool(_ task: String) throws -> PoolResult {
        let channel = try channel()
        return try channel.poolResult(of: channel.ask(.call(PoolQuery(pool: "jobs", task: Array(task.utf8)))))
    }
}

extension PoolResult {
    fileprivate var text: String { String(decoding: result ?? [], as: UTF8.self) }
    fileprivate var errorText: String { String(decoding: error ?? [], as: UTF8.self) }
}
