import ControlProtocol
import Foundation
import Linux
import Subprocesses
import SupervisorCore
import Testing

/// roostd is killed at any instant, again and again: what it has acknowledged is there afterwards, and nothing runs
/// twice unless its rule says so. ROOST_KILLS sets how often (20), ROOST_SEED repeats one order of events.
@Suite(.timeLimit(.minutes(30))) struct DurabilityTests {
    private static let configuration = """
        [queue.once]
        slots = 4
        capacity = 1000000
        keep = 1000000

        [queue.again]
        slots = 2
        capacity = 1000000
        keep = 1000000
        on_interrupt = "retry"
        """
    /// Who finds the lock taken runs beside an earlier attempt of its own.
    private static let exclusive = """
        exec 9>>"$DIR/lock.$ROOST_TASK"; flock -n 9 || echo "$ROOST_TASK" >>"$DIR/doubles"; sleep 0.0$PAUSE; \
        echo "$ROOST_TASK" >>"$DIR/again"
        """
    private static let inFlight = 32

    private let kills = ProcessInfo.processInfo.environment["ROOST_KILLS"].flatMap { Int($0) } ?? 20
    private let seed =
        ProcessInfo.processInfo.environment["ROOST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999)

    @Test func `what is acknowledged survives kill -9, and nothing runs twice`() throws {
        print("durability: \(kills) kills, ROOST_SEED=\(seed)")
        var dice = Dice(seed: seed)
        let roost = try Roost(Self.configuration, daemon: "log_level = \"error\"")
        defer { roost.sweep() }
        do {
            try liveThrough(&dice, roost)
        } catch {
            say("---- roostd in \(roost.path):\n\(roost.log)----")
            throw error
        }
    }

    @Test func `a child that has the lock of a killed roostd keeps the next one waiting, not away`() throws {
        let roost = try Roost("[queue.mail]\n", daemon: "")
        defer { roost.sweep() }
        try roost.start()
        try roost.killDaemon()
        let lock = "\(roost.socket).lock"
        let child = try Program(SpawnRequest(["sh", "-c", "exec 9<>\(lock); flock 9; exec sleep 0.5"]))
        try eventually("the lock is held") { try FileLock.acquire(lock) == nil }
        try roost.start()
        _ = try child.wait()
        try roost.stop()
    }

    private func liveThrough(_ dice: inout Dice, _ roost: Roost) throws {
        var acknowledged: [TaskID: String] = [:]
        for round in 0..<kills {
            // Now and then a daemon does not even come to serve.
            if round % 5 == 4 {
                try roost.spawn()
                // Any instant will do.
                poll(nil, 0, .random(in: 0...60, using: &dice))
            } else {
                try roost.start()
                let tasks = Int.random(in: 0...(kills >= 200 ? 140 : 50), using: &dice)
                try submitUntilKilled(roost, after: tasks, &acknowledged, &dice)
            }
            try roost.killDaemon()
        }
        try roost.start()
        // Nobody who is killed tidies up, so who starts must.
        let log = try FileStatus(path: "\(roost.path)/state/tasks.db-wal")?.size ?? 0
        #expect(log < 4 << 20, "\(log) bytes")
        try check(roost, acknowledged)
        try roost.stop()
        if kills >= 200 { #expect(acknowledged.count >= 10_000, "too few to mean anything") }
    }

    /// The kill comes some milliseconds after so many are acknowledged, whatever roostd does then.
    private func submitUntilKilled(
        _ roost: Roost, after count: Int, _ acknowledged: inout [TaskID: String], _ dice: inout Dice
    ) throws {
        let channel = try roost.channel()
        let pid = roost.program.pid
        let delay = Int32.random(in: 0...20, using: &dice)
        var left = count
        var open: [MessageID: String] = [:]
        do {
            while true {
                if left == 0 {
                    left = -1
                    // Not reaped before the end of the round, so the number cannot come to mean another process.
                    Foundation.Thread.detachNewThread {
                        poll(nil, 0, delay)
                        kill(pid, SIGKILL)
                    }
                }
                while open.count < Self.inFlight {
                    let queue = Int.random(in: 0..<10, using: &dice) == 0 ? "again" : "once"
                    let pause = Int.random(in: 1...9, using: &dice)
                    let script =
                        queue == "again"
                        ? Self.exclusive.replacing("$DIR", with: roost.path).replacing("$PAUSE", with: "\(pause)")
                        : "echo \"$ROOST_TASK\" >>\(roost.path)/once"
                    let query = SubmitQuery(queue, script)
                    open[try channel.ask(.task(.submit(query, wait: .untilDone(timeout: nil))))] = queue
                }
                guard case .answer(let id, let answer) = try channel.next() else { continue }
                if let queue = open.removeValue(forKey: id) {
                    acknowledged[TaskID(try answer.result(of: SubmitResult.self).task)] = queue
                    if left > 0 { left -= 1 }
                }
            }
        } catch is Unexpected {
            return
        } catch is SystemError {
            return
        }
    }

    private func check(_ roost: Roost, _ acknowledged: [TaskID: String]) throws {
        let ids = acknowledged.keys.sorted()
        print("durability: \(ids.count) tasks were acknowledged")
        // Waiting for one that is not there is refused.
        let found = try roost.channel().wait(for: ids)
        #expect(found.map(\.id) == ids.map(\.number))
        #expect(found.allSatisfy { acknowledged[TaskID($0.id)] == $0.queue && $0.state.isFinished })

        let once = count("\(roost.path)/once")
        #expect(once.values.allSatisfy { $0 == 1 }, "these ran twice: \(once.filter { $0.value > 1 })")
        for task in found where task.queue == "once" {
            let runs = once["\(task.id)"] ?? 0
            #expect(task.state == .done || task.state == .interrupted, "\(task)")
            if task.state == .done { #expect(runs == 1, "task \(task.id) is done and has run \(runs) times") }
        }
        let again = count("\(roost.path)/again")
        for task in found where task.queue == "again" {
            // The tenth interruption is the last, by rule.
            #expect(task.state == .done || task.state == .interrupted && task.attempts >= 10, "\(task)")
            if task.state == .done { #expect((again["\(task.id)"] ?? 0) >= 1, "task \(task.id) has not run") }
            #expect((again["\(task.id)"] ?? 0) <= task.attempts, "task \(task.id)")
        }
        #expect(contents("\(roost.path)/doubles") == "", "these ran beside themselves")
        let interrupted = found.filter { $0.state == .interrupted }.count
        let retried = found.filter { $0.queue == "again" && $0.attempts > 1 }.count
        print("durability: \(interrupted) interrupted, \(retried) retried")
    }

    private func count(_ path: String) -> [String: Int] {
        contents(path).split(separator: "\n").reduce(into: [:]) { $0[String($1), default: 0] += 1 }
    }
}
