import CLinux
import Linux
import Threading

/// The first message of a worker: it has come so far, and this is its number.
struct Hello: Codable {
    let hello: Int32
}

/// What a worker is told first. In the same parcel is the `Call`, which only the function itself understands.
struct Assignment: Codable {
    let function: String
    let name: String
    let numbers: [Int]
    let method: StartMethod
    let lifetime: Lifetime
    let parentPid: Int32
    let parentName: String
    let lifeline: PassedDescriptor
}

/// An assignment with its argument.
struct FullAssignment<Argument: Codable>: Encodable {
    let assignment: Assignment
    let argument: Argument

    private enum CodingKeys: CodingKey {
        case argument
    }

    func encode(to encoder: any Encoder) throws {
        try assignment.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(argument, forKey: .argument)
    }
}

/// What a worker does from its first moment to its last.
enum WorkerLife {
    static func run(_ control: Connection, _ registry: FunctionRegistry) -> Never {
        do {
            try control.send(Hello(hello: getpid()))
            let parcel = try control.receiveParcel()
            let assignment = try parcel.decode(Assignment.self)
            CurrentProcess.become(assignment)
            let function = try registry.function(named: assignment.function)
            let answer = try function.answer(parcel)
            // Nobody may be there to hear it, which is no failure.
            try? control.send(parcel: answer.parcel)
            guard let failure = answer.failure else { leave(0) }
            say("Error in \(assignment.name): \(failure)")
            leave(1)
        } catch let exit as ProcessExit {
            if let message = exit.message { say(message) }
            leave(Int32(truncatingIfNeeded: exit.code & 0xff))
        } catch ConnectionError.closed {
            // The parent gave up, or is gone, before it said what to do.
            _exit(1)
        } catch {
            if let parcel = try? Parcel(Outcome<Nothing>.failed(RemoteError(error))) {
                try? control.send(parcel: parcel)
            }
            say("Error in a worker: \(error)")
            leave(1)
        }
    }

    /// Ends as a program ends: threads are waited for, and what was printed is written out, once.
    private static func leave(_ code: Int32) -> Never { exit(code) }

    private static func say(_ words: String) {
        var rest = Array("\(words)\n".utf8)[...]
        while !rest.isEmpty, let written = Linux.StandardError.writeQuietly(rest), written > 0 {
            rest = rest.dropFirst(written)
        }
    }
}
