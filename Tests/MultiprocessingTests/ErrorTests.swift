import Foundation
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import ToolkitTesting

/// What goes wrong on each stretch of the way, and what the caller hears of it.
@Suite(.leavesNothing, .watchdog) struct ErrorTests {
    @Test func `an error comes back in words, and a declared one as itself`() throws {
        try TestContext.each { context in
            let failing = try Process(Tasks.fail, in: context, error: .null)
            let expected = RemoteError(typeName: "MultiprocessingTasks.Undeclared", message: "out of cheese")
            #expect(throws: expected) { try failing.result(of: Tasks.fail) }
            try failing.join()
            let declared = try Process(Tasks.failDeclared, 5, in: context, error: .null)
            #expect(throws: Declared(number: 5)) { try declared.result(of: Tasks.failDeclared) }
            try declared.join()
        }
    }

    @Test func `a function runs in its own process, too`() throws {
        #expect(try Tasks.square(7) == 49)
        #expect(throws: Declared(number: 1)) { try Tasks.failDeclared(1) }
    }

    @Test func `two functions of one name are refused`() throws {
        let other = RemoteFunction("square") { (x: Int) in x }
        #expect(throws: FunctionError.duplicate(name: "square")) { try FunctionRegistry([Tasks.square, other]) }
    }

    @Test func `a function that the worker does not know is an error to the caller`() throws {
        let unknown = RemoteFunction("unknown", throwing: FunctionError.self) { (x: Int) in x }
        try TestContext.each { context in
            let process = try Process(unknown, 1, in: context, error: .null)
            let error = #expect(throws: RemoteError.self) { try process.result(of: unknown) }
            #expect(error?.message.contains("add it to its Worker.begin") == true)
            #expect(try process.join() == .exited(code: 1))
        }
    }

    @Test func `a program that is no worker is an error to the caller`() throws {
        let process = try Process(Tasks.square, 1, in: Context(.spawn, program: "/bin/true"))
        #expect(throws: ProcessResultError.neverBegan(.exited(code: 0))) { try process.result(of: Tasks.square) }
        let server = Context(.forkserver, program: "/bin/true")
        #expect(throws: ProcessStartError.notAWorker(program: "/bin/true")) {
            try Process(Tasks.square, 1, in: server)
        }
        #expect(throws: ProcessStartError.self) { try Process(Tasks.square, 1, in: Context(program: "/no/such")) }
        // The test runner is none itself; it must not run the tests once more, and so on.
        for context in [Context.spawn, .forkserver] {
            #expect(throws: ProcessStartError.notBegun) { try Process(Tasks.square, 1, in: context) }
            #expect(FunctionRegistry.current == nil)
        }
        #expect(throws: ProcessStartError.noPipes) {
            try Process(Tasks.square, 1, in: TestContext.spawn, output: .pipe)
        }
    }

    @Test(arguments: StartMethod.allCases)
    func `a worker that ends while it decodes its argument is an error to the caller`(method: StartMethod) throws {
        let context = Context(method, program: TestContext.program)
        defer { context.shutDown() }
        func start(_ way: Misbehaviour.Way) throws -> Process {
            try Process(Tasks.accept, Misbehaviour(way: way, at: .decoding), in: context, error: .null)
        }
        let crashing = try start(.crash)
        let error = #expect(throws: ProcessResultError.self) { try crashing.result(of: Tasks.accept) }
        guard case .ended(.signaled(SIGSEGV, _)) = error else { return #expect(Bool(false), "\(error as Any)") }
        let leaving = try start(.exit)
        #expect(throws: ProcessResultError.ended(.exited(code: 7))) { try leaving.result(of: Tasks.accept) }
        let throwing = try start(.throwError)
        #expect(throws: RemoteError.self) { try throwing.result(of: Tasks.accept) }
        #expect(try throwing.join() == .exited(code: 1))
        let hanging = try start(.hang)
        #expect(throws: ProcessResultError.timedOut) {
            try hanging.result(of: Tasks.accept, timeout: .milliseconds(20))
        }
        try hanging.kill()
        // Perhaps before it had begun.
        #expect(throws: ProcessResultError.self) { try hanging.result(of: Tasks.accept) }
        #expect(hanging.exitStatus == .signaled(signal: SIGKILL, coreDumped: false))
    }

    @Test(arguments: StartMethod.allCases)
    func `a worker that ends while it encodes its result is an error to the caller`(method: StartMethod) throws {
        let context = Context(method, program: TestContext.program)
        defer { context.shutDown() }
        func start(_ way: Misbehaviour.Way) throws -> Process {
            try Process(Tasks.returnBadly, way, in: context, error: .null)
        }
        let crashing = try start(.crash)
        #expect(throws: ProcessResultError.self) { try crashing.result(of: Tasks.returnBadly) }
        let leaving = try start(.exit)
        #expect(throws: ProcessResultError.ended(.exited(code: 7))) { try leaving.result(of: Tasks.returnBadly) }
        let throwing = try start(.throwError)
        #expect(throws: RemoteError.self) { try throwing.result(of: Tasks.returnBadly) }
        try throwing.join()
        let hanging = try start(.hang)
        #expect(throws: ProcessResultError.timedOut) {
            try hanging.result(of: Tasks.returnBadly, timeout: .milliseconds(20))
        }
        try hanging.kill()
        try hanging.join()
    }

    @Test func `a worker that crashes while it runs is an error to the caller`() throws {
        try TestContext.each { context in
            let process = try Process(Tasks.crash, in: context, error: .null)
            let error = #expect(throws: ProcessResultError.self) { try process.result(of: Tasks.crash) }
            guard case .ended(.signaled(SIGSEGV, _)) = error else { return #expect(Bool(false), "\(error as Any)") }
        }
    }

    @Test func `an argument that cannot be encoded starts nothing`() throws {
        #expect(throws: (any Error).self) {
            try Process(Tasks.accept, Misbehaviour(way: .throwError, at: .encoding), in: TestContext.spawn)
        }
    }

    @Test func `an argument of many megabytes arrives`() throws {
        try TestContext.each { context in
            let bytes = [UInt8](repeating: 7, count: 8 << 20)
            let process = try Process(Tasks.count, bytes, in: context)
            #expect(try process.result(of: Tasks.count) == bytes.count)
            try process.join()
        }
    }
}
