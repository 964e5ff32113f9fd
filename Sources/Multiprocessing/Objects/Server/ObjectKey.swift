import Crypto

/// What a server and its clients must both know: Python's `authkey`. It is never sent, and has no `description`.
public struct ObjectKey: Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    /// A key of these bytes; more than one can guess, please.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A new key that nobody can guess.
    public static func random() -> ObjectKey { ObjectKey(ObjectHandshake.nonce()) }

    /// The bytes, to be given to others on a safe way.
    public func withBytes<Result, Failure: Error>(_ body: ([UInt8]) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(bytes)
    }

    /// No word about it.
    public var description: String { "a key" }
}

/// How a client and a server show each other that they have the same key, without sending it.
///
/// The server sends a nonce; the client sends its own, and an HMAC-SHA256 of both; the server answers with another one.
/// The two proofs begin with different words, so neither side can be made to compute the other one's.
enum ObjectHandshake {
    private static let greeting = Array("roost objects 1\n".utf8)
    static let nonceSize = 32
    static let welcome: UInt8 = 1
    /// No message of a handshake is longer.
    static let longest = 128

    static func nonce() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<nonceSize / 8).flatMap { _ in
            let number = generator.next()
            return (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
        }
    }

    private static func proof(_ role: String, _ server: [UInt8], _ client: [UInt8], _ key: ObjectKey) -> [UInt8] {
        let text = Array(role.utf8) + server + client
        return Array(HMAC<SHA256>.authenticationCode(for: text, using: SymmetricKey(data: key.bytes)))
    }

    private static func isProof(
        _ code: ArraySlice<UInt8>, _ role: String, _ server: [UInt8], _ client: [UInt8], _ key: ObjectKey
    ) -> Bool {
        // In constant time, so that the time says nothing about where they differ.
        HMAC<SHA256>.isValidAuthenticationCode(
            Array(code), authenticating: Array(role.utf8) + server + client, using: SymmetricKey(data: key.bytes))
    }

    // MARK: - The server's side

    static func challenge(_ nonce: [UInt8]) -> [UInt8] { greeting + nonce }

    /// The answer to a client that has proved itself; nil if it has not.
    static func answer(to message: [UInt8], _ nonce: [UInt8], _ key: ObjectKey) -> [UInt8]? {
        guard message.count == 2 * nonceSize else { return nil }
        let client = Array(message[..<nonceSize])
        guard isProof(message[nonceSize...], "client", nonce, client, key) else { return nil }
        return [welcome] + proof("server", nonce, client, key)
    }

    // MARK: - The client's side

    /// Proves that this side has the key, and has the other side prove it.
    static func prove(_ key: ObjectKey, over connection: Connection, timeout: Duration) throws(ObjectError) {
        do {
            let challenge: [UInt8]
            do {
                challenge = try connection.receiveBytes(limit: longest, timeout: timeout)
            } catch ConnectionError.closed {
                throw ObjectError.unreachable("it closed the connection; it has too many, or is ending: come back later")
            }
            guard challenge.starts(with: greeting), challenge.count == greeting.count + nonceSize else {
                throw ObjectError.malformed
            }
            let server = Array(challenge[greeting.count...])
            let own = nonce()
            try connection.send(bytes: own + proof("client", server, own, key), timeout: timeout)
            let answer = try connection.receiveBytes(limit: longest, timeout: timeout)
            guard answer.first == welcome, isProof(answer.dropFirst(), "server", server, own, key) else {
                throw ObjectError.wrongKey
            }
        } catch let error as ObjectError {
            throw error
        } catch ConnectionError.closed {
            // The server says no more to whoever has not the key.
            throw .wrongKey
        } catch {
            throw .unreachable("\(error)")
        }
    }
}
