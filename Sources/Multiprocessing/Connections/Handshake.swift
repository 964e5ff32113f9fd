import CLinux
import Crypto
import Linux
import Threading

/// How both sides of a new connection find out that the other one has the key, without saying it.
///
///     listener → client    greeting, N1
///     client → listener    N2, MAC("client", N1, N2)
///     listener → client    MAC("listener", N1, N2), or a refusal
///
/// Both numbers are fresh and random, so no answer is of use a second time. The role is part of what is signed, so an
/// answer that one side gave cannot be reflected to it as the other side's. Codes are compared in constant time. What
/// follows the handshake is neither encrypted nor signed: that is what TLS, or a socket on one machine, is for.
struct Handshake {
    static let greeting = Array("ROOST-MP-1:".utf8)
    static let numberSize = 32
    static let codeSize = 32
    static let refusal = Array("refused".utf8)
    /// No message of a handshake is longer.
    static let longest = 128

    enum Role: String {
        case client
        case listener
    }

    let key: AuthKey

    static func number() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<numberSize).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    func code(of role: Role, _ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: signed(role, first, second), using: key.key))
    }

    func isValid(_ code: [UInt8], of role: Role, _ first: [UInt8], _ second: [UInt8]) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed(role, first, second), using: key.key)
    }

    /// The parts have fixed lengths, so nothing can be moved from one to the other.
    private func signed(_ role: Role, _ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        Array("roost multiprocessing \(role.rawValue):".utf8) + first + second
    }

    // MARK: - The client

    /// Proves that we have the key, and finds out whether the listener has it.
    func connect(_ connection: Connection, until deadline: Deadline) throws {
        let greeting = try connection.receiveHandshake(until: deadline)
        let size = Handshake.greeting.count + Handshake.numberSize
        guard greeting.starts(with: Handshake.greeting), greeting.count == size else { throw AuthenticationError() }
        let first = Array(greeting.suffix(Handshake.numberSize))
        let second = Handshake.number()
        let proof = second + code(of: .client, first, second)
        try connection.send(bytes: proof, timeout: deadline.remaining)
        let answer = try connection.receiveHandshake(until: deadline)
        guard isValid(answer, of: .listener, first, second) else { throw AuthenticationError() }
    }
}

/// A handshake on the listener's side, which nobody waits for alone.
struct PendingHandshake {
    let connection: Connection
    let deadline: Deadline
    private let handshake: Handshake
    private let first = Handshake.number()

    enum Outcome {
        case pending
        case accepted
        case refused
        /// The client is gone, or talks nonsense.
        case failed
    }

    /// Greets the client.
    init(_ connection: Connection, key: AuthKey, deadline: Deadline) throws {
        self.connection = connection
        self.deadline = deadline
        handshake = Handshake(key: key)
        try connection.send(bytes: Handshake.greeting + first, timeout: .zero)
    }

    /// Looks at what has come, and does not wait.
    func advance() -> Outcome {
        do {
            let proof = try connection.receiveHandshake(until: Deadline(after: .zero))
            let second = Array(proof.prefix(Handshake.numberSize))
            let code = Array(proof.dropFirst(Handshake.numberSize))
            guard second.count == Handshake.numberSize, handshake.isValid(code, of: .client, first, second) else {
                try connection.send(bytes: Handshake.refusal, timeout: .zero)
                return .refused
            }
            try connection.send(bytes: handshake.code(of: .listener, first, second), timeout: .zero)
            return .accepted
        } catch ConnectionError.timedOut {
            return .pending
        } catch {
            return .failed
        }
    }
}

extension Connection {
    /// Receives a message of somebody who has proved nothing yet: few bytes, and nothing else that may come with them.
    /// No descriptor is taken, and no memory is mapped.
    func receiveHandshake(until deadline: Deadline) throws -> [UInt8] {
        // Its limit is held against the length before anything is received.
        if stream != nil { return try receiveBytes(limit: Handshake.longest, timeout: deadline.remaining) }
        let descriptor = try readable()
        let raw = descriptor.descriptor.raw
        var bytes = [UInt8](repeating: 0, count: Handshake.longest + 1)
        while true {
            let count = unsafe recv(raw, &bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_TRUNC))
            if count > 0 {
                guard count <= bytes.count, bytes[0] == PacketKind.whole else { throw ConnectionError.malformed }
                return Array(bytes[1..<count])
            }
            if count == 0 { throw explain(.closed) }
            switch roost_errno() {
            case EINTR, ECONNRESET: continue
            case EAGAIN:
                var watches = [Watch(raw, .read)]
                guard !deadline.isImmediate, Watch.wait(&watches, until: deadline.nanoseconds) else {
                    throw ConnectionError.timedOut
                }
            case ENOTCONN: throw explain(.closed)
            case let code: throw ConnectionError(SystemError("receive a message", errno: code))
            }
        }
    }
}
