import Glibc
public import Multiprocessing

/// A descriptor, and what to write into it.
public struct Writing: Codable, Sendable {
    public let file: PassedDescriptor
    public let text: String
    public init(file: PassedDescriptor, text: String) {
        self.file = file
        self.text = text
    }
}

/// A connection, and a number that says how often.
public struct Repeated: Codable, Sendable {
    public let connection: Connection
    public let count: Int
    public init(connection: Connection, count: Int) {
        self.connection = connection
        self.count = count
    }
}

extension Tasks {
    public static let connections: [any RemoteCallable] = [accept, echo, write, sendMany, pollOften, untilEnd]

    /// Sends back each message until the end.
    public static let echo = RemoteFunction("echo") { (connection: Connection) in
        do {
            while true { try connection.send(bytes: try connection.receiveBytes()) }
        } catch ConnectionError.closed {}
    }

    public static let write = RemoteFunction("write") { (writing: Writing) in
        writing.file.withDescriptor { raw in
            _ = writing.text.withCString { Glibc.write(raw, $0, strlen($0)) }
        }
    }

    /// Sends its process's number and a count, so often.
    public static let sendMany = RemoteFunction("sendMany") { (job: Repeated) in
        for number in 0..<job.count { try job.connection.send([Int(getpid()), number]) }
    }

    /// Looks at a connection again and again, until something is there.
    public static let pollOften = RemoteFunction("pollOften") { (job: Repeated) -> Int in
        var seen = 0
        for _ in 0..<job.count where try job.connection.poll(timeout: .milliseconds(1)) == .data { seen += 1 }
        return seen
    }

    /// How many messages come until the end.
    public static let untilEnd = RemoteFunction("untilEnd") { (connection: Connection) -> Int in
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
