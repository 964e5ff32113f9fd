import Subprocesses

func inputAndPipe() throws {
    // SP-023: bytes to send are one of the places to read from, so they cannot go with another one.
    try run(["cat"], input: .bytes([1]), standardInput: .null)  // error: extra argument 'standardInput'
    try run(["cat"], input: .pipe)  // error: has no member 'pipe'
    try run(Command(["cat"]) { $0.standardInput = .pipe }, input: .bytes([1]))  // error: has no member 'standardInput'
}
