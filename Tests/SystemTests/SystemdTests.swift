import Foundation
import Testing

/// roostd as a service of a real systemd, booted for this in namespaces of its own.
@Suite(.timeLimit(.minutes(5))) struct SystemdTests {
    @Test(
        .enabled(
            if: geteuid() == 0 || ProcessInfo.processInfo.environment["CI"] != nil,
            "only root can boot a systemd in namespaces"))
    func `the unit starts, reloads, feeds the watchdog, survives crashes and stops without a trace`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        // roostd and roostctl are built beside the tests.
        let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let process = Process()
        process.executableURL = root.appending(path: "Tests/Systemd/boot")
        process.arguments = ["Tests/Systemd/check-unit", products.path]
        process.currentDirectoryURL = root
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(output)")
    }
}
