/// Where an HTTP probe asks: the parts of an `http://` URL.
package struct HTTPTarget: Hashable, Sendable {
    package let host: String
    package let port: UInt16
    /// The path with its query.
    package let path: String

    /// - Throws: a text fit for the operator who wrote the URL.
    package init(url: String) throws(HTTPTargetError) {
        guard url.hasPrefix("http://") else { throw HTTPTargetError(url: url, reason: "write http://HOST[:PORT]/PATH") }
        guard url.utf8.count <= 2048, url.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw HTTPTargetError(url: url, reason: "write at most 2048 ASCII characters without blanks")
        }
        let rest = url.dropFirst("http://".count)
        let slash = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<slash]
        let path = rest[slash...].prefix { $0 != "#" }
        self.path = path.hasPrefix("/") ? String(path) : "/" + path

        let bracket = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[bracket...].firstIndex(of: ":") {
            guard let port = UInt16(authority[authority.index(after: colon)...]), port > 0 else {
                throw HTTPTargetError(url: url, reason: "the port is a number from 1 to 65535")
            }
            self.port = port
            host = String(authority[..<colon])
        } else {
            port = 80
            host = String(authority)
        }
        guard !host.isEmpty, !host.contains("@") else {
            throw HTTPTargetError(url: url, reason: "write a numeric address or localhost after http://")
        }
    }

    package var request: [UInt8] {
        let lines = [
            "GET \(path) HTTP/1.1", "Host: \(host):\(port)", "User-Agent: roost", "Accept: */*", "Connection: close",
        ]
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}

package struct HTTPTargetError: Error, Hashable, Sendable, CustomStringConvertible {
    package let url: String
    package let reason: String

    package var description: String { "cannot probe \"\(url)\": \(reason)" }
}

/// The head of an HTTP response that arrives in pieces; of it only the status counts.
package struct HTTPResponseHead: Sendable {
    package enum Progress: Hashable, Sendable {
        case incomplete
        case status(Int)
        case malformed(String)
    }

    package static let longest = 16 * 1024

    private var bytes: [UInt8] = []

    package init() {}

    /// Takes the next piece. Pure, and defined for any bytes.
    package mutating func feed(_ more: some Collection<UInt8>) -> Progress {
        bytes += more.prefix(Self.longest + 1 - bytes.count)
        while let newline = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            guard let status = Self.status(in: bytes[..<newline]) else {
                return .malformed("the answer is not HTTP/1")
            }
            // An interim answer (1xx) is followed by the real one.
            guard (100..<200).contains(status) else { return .status(status) }
            guard let end = Self.endOfHead(in: bytes) else { break }
            bytes.removeFirst(end)
        }
        return bytes.count > Self.longest ? .malformed("the answer's head is longer than 16 KiB") : .incomplete
    }

    private static func status(in line: ArraySlice<UInt8>) -> Int? {
        let text = String(decoding: line, as: UTF8.self)
        let words = text.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1" || words[0] == "HTTP/1.0" else { return nil }
        let digits = words[1].prefix { $0 != "\r" }
        guard digits.utf8.count == 3, let status = Int(digits), (100...599).contains(status) else { return nil }
        return status
    }

    private static func endOfHead(in bytes: [UInt8]) -> Int? {
        for index in bytes.indices where bytes[index...].starts(with: "\r\n\r\n".utf8) { return index + 4 }
        return nil
    }
}
