import Glibc
package import Multiprocessing

/// A descriptor, and what to write into it.
package struct Writing: Codable, Sendable {
    package let file: PassedDescriptor
    package let text: String
    package init(file: PassedDescriptor, text: String) {
        self.file = file
        self.text = text
    }
}

/// A connection, and a number that says how often.
package struct Repeated: Codable, Sendable {
    package let connection: Connection
    package let count: Int
    package init(connection: Connection, count: Int) {
        self.connection = connection
        self.count = count
    }
}

extension Tasks {
    package static let connections: [any RemoteCallable] = [accept, echo, write, sendMany, pollOften, untilEnd]

    /// Sends back each message until the end.
    package static let echo = RemoteFunction("echo") { (connection: Connection) in
        do {
            while true { try connection.send(bytes: try connection.receiveBytes()) }
        } catch ConnectionError.closed {}
    }

    package static let write = RemoteFunction("write") { (writing: Writing) in
        writing.file.withDescriptor { raw in
            _ = writing.text.withCString { Glibc.write(raw, $0, strlen($0)) }
        }
    }

    /// Sends its process's number and a count, so often.
    package static let sendMany = RemoteFunction("sendMany") { (job: Repeated) in
        for number in 0..<job.count { try job.connection.send([Int(getpid()), number]) }
    }

    /// Looks at a connection again and again, until something is there.
    package static let pollOften = RemoteFunction("pollOften") { (job: Repeated) -> Int in
        var seen = 0
        for _ in 0..<job.count where try job.connection.poll(timeout: .milliseconds(1)) == .data { seen += 1 }
        return seen
    }

    /// How many messages come until the end.
    package static let untilEnd = RemoteFunction("untilEnd") { (connection: Connection) -> Int in
        var count = 0
        do {
            while true {
                _ = try connection.receiveBytes()
                count += 1
            }
        } catch ConnectionError.closed {}
        return count
    }
}
