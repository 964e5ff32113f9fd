import Foundation
import Testing
import ToolkitTesting

/// Whether the kernel says that a thread of this process sleeps.
func isInKernelWait(_ thread: Int32) -> Bool {
    guard let line = try? String(contentsOfFile: "/proc/self/task/\(thread)/stat", encoding: .utf8),
        let bracket = line.lastIndex(of: ")")
    else { return false }
    return line[bracket...].dropFirst(2).first == "S"
}

/// A wait that must be in vain, and take at least its timeout, but not the rest of the day.
func expectNothing(
    after timeout: Duration, sourceLocation: SourceLocation = #_sourceLocation, _ wait: () -> Bool
) {
    var answer = true
    let time = elapsed { answer = wait() }
    #expect(!answer, sourceLocation: sourceLocation)
    #expect(time >= timeout, sourceLocation: sourceLocation)
    #expect(time < timeout + .seconds(20), sourceLocation: sourceLocation)
}
