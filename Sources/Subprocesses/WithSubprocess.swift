/// Starts a process for the time of `body`: Python's `with subprocess.Popen(…)`, but for its end.
///
///     try withSubprocess(["redis-server", "--port", "7000"], output: .null) { server in
///         try runTests()
///     }
///
/// However `body` ends, the pipes are closed after it, and a process that is still running is ended, with all of its
/// descendants, and its exit collected; unless `body` called `detach()`.
///
/// - Parameters:
///   - command: what to execute, and as what.
///   - input: where it reads from.
///   - output: where it writes to.
///   - error: where it writes its diagnostics to.
///   - policy: how what is still running is ended.
///   - body: what to do meanwhile.
/// - Returns: what `body` returned.
/// - Throws: `SpawnError`, or what `body` threw.
public func withSubprocess<Result>(
    _ command: Command, input: StandardInput = .inherit, output: StandardOutput = .inherit,
    error: StandardError = .inherit, ending policy: TerminationPolicy = .ask(),
    _ body: (Subprocess) throws -> Result
) throws -> Result {
    let child = try Subprocess(command, input: input, output: output, error: error)
    defer {
        child.standardInput?.close()
        child.standardOutput?.close()
        child.standardError?.close()
        if !child.isDetached, child.poll() == nil { child.end(policy) }
    }
    return try body(child)
}
