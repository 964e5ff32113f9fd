import Glibc
import Scheduling
import Store
import SupervisorCore

/// store-killed DIRECTORY: stores one task after the other, eight at a time, and says the number of each that is safe,
/// until it is killed. With `look` it only opens the store, and ends with 3 when another program has it.
@main
enum StoreKilled {
    static func main() {
        let directory = CommandLine.arguments[1]
        let store = TaskStore(in: directory) { answers in
            for answer in answers where answer.error == nil { say(answer.ticket.number) }
        }
        let found = store.read(at: "now")
        if CommandLine.arguments.count > 2 { exit(found.error?.reason == .inUse ? 3 : 0) }
        var next = found.tasks.lastTask
        while true {
            next += 1
            let command = TaskCommand(arguments: ["true", "\(next)"])
            let record = TaskRecord(
                id: TaskID(next), queue: "mail", submission: TaskSubmission(work: .command(command)),
                submittedAt: Instant(nanoseconds: 0))
            // A full inbox is the only thing that slows this down.
            while store.store(StoreTicket(next), [.add(record)]) != nil { _ = poll(nil, 0, 1) }
            if next % 8 == 0 { _ = poll(nil, 0, 1) }
        }
    }

    private static func say(_ number: UInt64) {
        let line = Array("\(number)\n".utf8)
        _ = write(STDOUT_FILENO, line, line.count)
    }
}
