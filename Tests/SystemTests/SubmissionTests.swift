import ControlProtocol
import SupervisorCore
import Testing

/// What `roostctl submit` does when things do not go as they should: the task must not get lost, nor be taken for lost.
@Suite(.timeLimit(.minutes(5))) struct SubmissionTests {
    private let mail = """
        [queue.mail]

        [pool.echo]
        command = ["cat"]
        """

    private func shell(_ roost: Roost, _ script: String) throws -> (output: String, errors: String, code: Int32) {
        let environment = ["ROOST_SOCKET": roost.socket, "CTL": "\(Places.executables)/roostctl"]
        let result = try Program.run(["bash", "-c", script], environment: environment)
        return (result.output, result.errors, result.code)
    }

    @Test func `whoever reads too slowly gets the status all the same, and is told where the rest is`() throws {
        try withRoost(mail) { roost in
            let script = """
                $CTL submit mail --wait -- sh -c 'seq 1 1500000; exit 5' |
                    { until $CTL tasks --all | grep -q failed; do :; done; cat >/dev/null; }
                echo ${PIPESTATUS[0]}
                """
            let result = try shell(roost, script)
            #expect(result.output == "5\n", "\(result)")
            #expect(result.errors.contains("roostctl logs 1"), "\(result.errors)")
        }
    }

    @Test func `whoever waits while roostd stops is told the number of the task`() throws {
        try withRoost(mail) { roost in
            let script = """
                $CTL pause mail >/dev/null
                $CTL submit mail --wait -- true 2>errors &
                until $CTL tasks | grep -q queued; do :; done
                $CTL shutdown >/dev/null
                wait $!
                echo $?
                cat errors
                rm errors
                """
            let result = try shell(roost, "cd $(mktemp -d)\n" + script)
            #expect(result.output.hasPrefix("1\n") || result.output.hasPrefix("4\n"), "\(result)")
            #expect(result.output.contains("task 1 was accepted"), "\(result)")
        }
    }

    @Test func `what is no UTF-8 is refused, in place of another command`() throws {
        try withRoost(mail) { roost in
            let result = try shell(roost, "$CTL submit mail -- rm $'bad\\xff'")
            #expect(result.code == 2, "\(result)")
            #expect(result.errors.contains("argument 5"), "\(result)")
        }
    }

    @Test func `a task is not submitted from a directory that is gone`() throws {
        try withRoost(mail) { roost in
            let script = "here=$(mktemp -d); cd $here; rmdir $here; $CTL submit mail -- pwd"
            let result = try shell(roost, script)
            #expect(result.code == 2, "\(result)")
            #expect(try shell(roost, "\(script.replacing("-- pwd", with: "--directory / -- pwd"))").code == 0)
        }
    }

    @Test func `queues are paused all together although there are pools, and a pool says why it is not`() throws {
        try withRoost(mail) { roost in
            #expect(try roost.ctl(["pause", "all"]).code == 0)
            #expect(try roost.ctl(["resume", "all"]).code == 0)
            let pool = try roost.ctl(["pause", "echo"])
            #expect(pool.code == 6)
            #expect(pool.errors.contains("roostctl stop echo"), "\(pool.errors)")
            let queue = try roost.ctl(["stop", "mail"])
            #expect(queue.code == 6)
            #expect(queue.errors.contains("it is a queue"), "\(queue.errors)")
        }
    }
}
