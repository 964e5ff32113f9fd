import Foundation
import Linux

/// An HTTP client that asks once.
enum Web {
    /// The body of the answer, or nil when there was no good one.
    static func get(_ host: String, _ port: UInt16, _ path: String = "/") -> String? {
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard raw >= 0 else { return nil }
        let descriptor = OwnedDescriptor(adopting: raw)
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor.raw, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor.raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return nil }
        let request = Array("GET \(path) HTTP/1.0\r\nHost: \(host)\r\n\r\n".utf8)
        guard case .moved(request.count) = try? descriptor.send(request[...]) else { return nil }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case .moved(let count) = try? descriptor.read(into: &chunk) { answer += chunk[..<count] }
        let text = String(decoding: answer, as: UTF8.self)
        guard text.hasPrefix("HTTP/1.1 200") || text.hasPrefix("HTTP/1.0 200") else { return nil }
        return text.range(of: "\r\n\r\n").map { String(text[$0.upperBound...]) }
    }
}
