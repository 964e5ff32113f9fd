import Subprocesses

func captureAndFile() throws {
    // SP-022: an output is captured or goes to a file; there is no second place to say so.
    try run(["ls"], output: .capture, standardOutput: .null)  // error: extra argument 'standardOutput'
    try run(Command(["ls"]) { $0.standardOutput = .null }, output: .capture)  // error: has no member 'standardOutput'
}
