import Configuration
import Glibc
import Logging
import SupervisorCore

/// From the command line to a running daemon, and back to an exit status.
package enum Launch {
    private static let configurationHasErrors: Int32 = 2

    /// Whoever starts us with a standard stream closed must not find a socket or a log under its number.
    private static func openStandardStreams() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest free number is the one that was found closed.
            _ = open("/dev/null", O_RDWR)
        }
    }

    /// `roostd --check`: tells all problems, on standard error as errors belong there.
    package static func check(_ path: String) -> Int32 {
        let loaded = Loader.loadPlan(at: path, inspectsFiles: true)
        tell(loaded.problems)
        guard let plan = loaded.plan else { return configurationHasErrors }
        let instances = plan.workers.reduce(0) { $0 + $1.instances }
        print("\(path): no errors; \(plan.workers.count) workers, \(instances) instances")
        return EXIT_SUCCESS
    }

    /// `roostd --config`: runs until it is stopped.
    package static func supervise(_ path: String) -> Int32 {
        openStandardStreams()
        let loaded = Loader.loadPlan(at: path)
        tell(loaded.problems)
        guard let plan = loaded.plan else {
            say("cannot start: \(path) has errors, see above")
            return configurationHasErrors
        }
        do {
            let logger = Logger(label: "roostd") { _ in DaemonLogHandler() }
            try Daemon(plan: plan, configurationPath: path, logger: logger).run()
            return EXIT_SUCCESS
        } catch {
            say("cannot start: \(error)")
            return EXIT_FAILURE
        }
    }

    private static func tell(_ problems: [Problem]) { problems.forEach { say("\($0)") } }

    private static func say(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
