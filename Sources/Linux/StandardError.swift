import CLinux

/// The standard error of this process, which it may not have, and which nobody may read.
package enum StandardError {
    /// Writes once, without a SIGPIPE where nobody reads.
    ///
    /// - Returns: how many bytes were taken; nil if that is impossible.
    package static func writeQuietly(_ bytes: ArraySlice<UInt8>) -> Int? {
        while true {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe roost_write_quietly(STDERR_FILENO, $0.baseAddress, $0.count)
            }
            if count >= 0 { return count }
            if roost_errno() != EINTR { return nil }
        }
    }
}
