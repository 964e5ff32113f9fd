import Foundation
import Multiprocessing
import ToolkitTesting

/// Where the tests' processes come from: a test runner cannot be a worker itself.
enum TestContext {
    static let program: String = {
        let arguments = ProcessInfo.processInfo.arguments
        let bundle = arguments.first { $0.hasSuffix(".xctest") } ?? Bundle.main.bundlePath
        let beside = URL(fileURLWithPath: bundle).deletingLastPathComponent().path
        let isBeside = FileManager.default.fileExists(atPath: "\(beside)/multiprocessing-worker")
        return "\(isBeside ? beside : Bundle.main.bundlePath)/multiprocessing-worker"
    }()

    static let spawn = Context(.spawn, program: program)

    /// Runs a test in each way to start processes; the server of its own is gone afterwards.
    static func each(_ body: (Context) throws -> Void) throws {
        for method in StartMethod.allCases {
            let context = Context(method, program: program)
            defer { context.shutDown() }
            try body(context)
        }
    }
}

/// Not Foundation's.
typealias Process = Multiprocessing.Process
