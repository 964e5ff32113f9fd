import Glibc

/// Tells the seed of a life that crashes, when a precondition of the supervisor itself fails.
enum CrashReport {
    /// Read by the handler; written only between lives, by the one thread that there is.
    nonisolated(unsafe) static var seed: UInt64 = 0

    static func install() {
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV] {
            signal(number) { number in
                // Only what is safe in a signal handler: digits into a tuple, one write, and the default action.
                var remaining = CrashReport.seed
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 28) { text in
                    var position = text.count
                    func put(_ byte: UInt8) {
                        position -= 1
                        text[position] = byte
                    }
                    put(UInt8(ascii: "\n"))
                    repeat {
                        put(UInt8(ascii: "0") + UInt8(remaining % 10))
                        remaining /= 10
                    } while remaining > 0
                    for byte in [
                        UInt8(ascii: " "), UInt8(ascii: "d"), UInt8(ascii: "e"), UInt8(ascii: "e"), UInt8(ascii: "s"),
                    ] {
                        put(byte)
                    }
                    _ = write(STDERR_FILENO, text.baseAddress! + position, text.count - position)
                }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }
}
