import ArgumentParser
import ControlProtocol
import Glibc
import Linux
import SupervisorCore

struct MapVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "map", abstract: "Give a pool each line of a file as a task, and print the answers.",
        discussion: """
            Each line is JSON, and becomes a line of the output, in the same order; blank ones are passed over. At \
            most --window tasks are on their way at once, and the input is read no faster than that.

            The first task that fails ends it, with status 1. With --keep-going it stands as {"error": …} in the \
            output, and the rest is done as well. Progress is shown when standard error is a terminal and standard \
            output is not.
            """)

    @Argument(help: "The pool.", completion: .queueNames)
    var pool: String

    @Argument(help: "A file; - is standard input.", completion: .file())
    var file = "-"

    @Flag(help: "Print answers as they come.")
    var unordered = false

    @Flag(help: "Go on when a task fails.")
    var keepGoing = false

    @Option(help: ArgumentHelp("How many tasks may be on their way: 1 to \(MapVerb.windowLimit).", valueName: "count"))
    var window = 32

    @Option(help: ArgumentHelp("Give up on a task that takes longer, its wait included.", valueName: "duration"))
    var timeout: TaskDuration?

    @OptionGroup var options: GlobalOptions

    /// What one connection may ask at once.
    static let windowLimit = 64

    func validate() throws {
        guard (1...MapVerb.windowLimit).contains(window) else {
            throw ValidationError("--window is a number from 1 to \(MapVerb.windowLimit).")
        }
    }

    func run(in session: Session) throws(Failure) {
        let input = try InputLines(file)
        let progress = MapProgress(pool: pool, inputSize: input.size)
        var query = PoolQuery(pool: pool, task: [], wait: .untilDone(timeout: timeout?.duration))
        query.waitsForRoom = true
        var run = MapRun(
            client: try ControlClient(path: session.socketPath), input: input, query: query, window: window,
            order: MapOrder(isOrdered: !unordered, asReports: session.printsJSON), keepsGoing: keepGoing,
            progress: progress)
        try run.run(interrupts: session.interrupts)
    }
}
