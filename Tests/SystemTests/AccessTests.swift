import ControlProtocol
import Foundation
import SupervisorCore
import Testing

/// What users may do with tasks who have not been given everything.
@Suite(.timeLimit(.minutes(5)), .enabled(if: isAvailable("right to become another user", getuid() == 0)))
struct AccessTests {
    private static let configuration = """
        [queue.open]
        [queue.closed]
        [access]
        others = { user = "65534", verbs = ["submit", "wait"], workers = ["open"] }
        """

    private func withRoost(_ body: (Roost) throws -> Void) throws {
        try SystemTests.withRoost(Self.configuration, daemon: "socket_mode = \"0666\"", body)
    }

    /// roostctl as a user without rights but those that are given.
    private func ctl(_ roost: Roost, _ arguments: [String]) throws -> (code: Int32, errors: String) {
        let become = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        let result = try Program.run(
            become + ["\(Places.executables)/roostctl"] + arguments, environment: ["ROOST_SOCKET": roost.socket])
        return (result.code, result.errors)
    }

    @Test func `a task that one has no right to is like one that is not there`() throws {
        try withRoost { roost in
            let secret = try roost.submit("false", to: "closed")
            _ = try roost.channel().wait(for: [secret])
            let verbs = [["wait"], ["result"], ["cancel"], ["retry"], ["logs"], ["submit", "open", "--after"]]
            for verb in verbs {
                let command = verb.count > 1 ? ["--", "true"] : []
                let known = try ctl(roost, verb + ["\(secret)"] + command)
                let unknown = try ctl(roost, verb + ["987654"] + command)
                #expect(known.code == unknown.code, "\(verb): \(known) \(unknown)")
                #expect(known.errors == unknown.errors.replacing("987654", with: "\(secret)"), "\(verb)")
                #expect(known.errors.contains("cannot find task"), "\(verb): \(known)")
            }
        }
    }

    @Test func `a task that one may wait for may be come after`() throws {
        try withRoost { roost in
            let first = try roost.submit("true", to: "open")
            let second = try ctl(roost, ["submit", "open", "--after", "\(first)", "--", "true"])
            #expect(second.code == 0, "\(second)")
        }
    }

    @Test func `output is followed only by those who may read logs`() throws {
        try withRoost { roost in
            let refused = try ctl(roost, ["submit", "open", "--wait", "--", "echo", "hello"])
            #expect(refused.code != 0)
            #expect(refused.errors.contains("\"logs\""), "\(refused)")
            // Nothing was submitted.
            #expect(try roost.channel().tasks("open").tasks.isEmpty)
            #expect(try ctl(roost, ["submit", "open", "--", "echo", "hello"]).code == 0)
        }
    }
}
