import Glibc
import SupervisorCore

extension Field {
    /// "127.0.0.1:80{index}", "[::1]:5432" or "localhost:8080".
    func socketAddress(instances: Int) -> SocketAddress? {
        let example = "write \"127.0.0.1:8080\""
        guard case .string = value.kind else {
            mismatch("an address", fix: bareNumber.map { "write \"127.0.0.1:\($0)\"" } ?? example)
            return nil
        }
        guard let text = string("an address") else { return nil }
        guard let (host, port) = splitAddress(text), !port.isEmpty else {
            problem("\(TOML.quoted(text)) has no port", fix: example)
            return nil
        }
        guard check(host: host, port: port, instances: instances) else { return nil }
        warnAboutShared(text, instances: instances)
        return SocketAddress(host: host, port: port)
    }

    /// "http://127.0.0.1:80{index}/health"
    func url(instances: Int) -> String? {
        let example = "write \"http://127.0.0.1:8080/health\""
        guard let text = string("an address that starts with http://") else { return nil }
        guard text.hasPrefix("http://") else {
            let reason =
                text.hasPrefix("https://")
                ? "https is not supported" : "\(TOML.quoted(text)) does not start with http://"
            problem(reason, fix: example)
            return nil
        }
        if text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value >= 0x7F }) {
            problem("\(TOML.quoted(text)) holds a character that a URL cannot hold", fix: "percent-encode it")
            return nil
        }
        let authority = String(text.dropFirst(7).prefix { $0 != "/" && $0 != "?" && $0 != "#" })
        guard !authority.isEmpty else {
            problem("\(TOML.quoted(text)) names no host", fix: example)
            return nil
        }
        let (host, port) = splitAddress(authority) ?? (unbracketed(authority), "80")
        guard check(host: host, port: port, instances: instances) else { return nil }
        warnAboutShared(text, instances: instances)
        return text
    }

    private var bareNumber: Int64? {
        if case .integer(let number) = value.kind { return number }
        return nil
    }

    /// The host without brackets, and the port; nil without a port.
    private func splitAddress(_ text: String) -> (host: String, port: String)? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        // In "[::1]" the last colon belongs to the address.
        if let bracket = text.lastIndex(of: "]"), bracket > colon { return nil }
        return (unbracketed(String(text[..<colon])), String(text[text.index(after: colon)...]))
    }

    private func unbracketed(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    private func check(host: String, port: String, instances: Int) -> Bool {
        // The highest index makes the highest port; the lowest may still be too low.
        for index in Set([0, max(0, instances - 1)]).sorted() {
            let text = expanded(port, index)
            guard text.utf8.allSatisfy(TOML.isDigit), let number = Int(text), (1...65_535).contains(number) else {
                let reason =
                    text == port
                    ? TOML.quoted(port) : "\(TOML.quoted(port)), for index \(index) that is \(TOML.quoted(text)),"
                problem("\(reason) is no port", fix: "use 1 to 65535")
                return false
            }
            let name = expanded(host, index)
            guard name == "localhost" || isNumericAddress(name) else {
                // Looking up a name can take seconds, and the daemon has one thread.
                problem(
                    "\(TOML.quoted(host)) is neither a numeric address nor \"localhost\"",
                    fix: "write \"127.0.0.1\" or \"[::1]\"")
                return false
            }
        }
        return true
    }

    private func expanded(_ text: String, _ index: Int) -> String {
        let parts = text.split(separator: "{index}", omittingEmptySubsequences: false)
        return parts.joined(separator: "\(index)")
    }

    private func isNumericAddress(_ text: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1
    }

    private func warnAboutShared(_ text: String, instances: Int) {
        guard instances > 1, !text.contains("{index}") else { return }
        warning("all \(instances) instances are probed at the same address", fix: "put {index} into the port")
    }
}
