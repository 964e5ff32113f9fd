import SupervisorRuntime

/// Any datagram is a message whose status can be shown on a terminal.
func fuzzNotify(_ bytes: [UInt8]) -> Int32 {
    let message = NotifyMessage(parsing: bytes)
    guard let status = message.status else { return 0 }
    if status.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
        finding("a status with control characters")
    }
    // Each byte that is no UTF-8 becomes a replacement character of three.
    if status.utf8.count > 3 * NotifyMessage.longestStatus { finding("a status of \(status.utf8.count) bytes") }
    return 0
}
