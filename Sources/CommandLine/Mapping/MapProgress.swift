import Glibc
import Linux

/// A line on the terminal that says how far it is; nothing where nobody would see it, or it would be in the way.
struct MapProgress {
    private static let pause: Int64 = 100_000_000

    private let pool: String
    private let inputSize: Int64?
    private let isShown: Bool
    private let began = MonotonicClock.now()
    private var lastShown: Int64 = 0

    init(pool: String, inputSize: Int64?) {
        self.pool = pool
        self.inputSize = inputSize
        isShown = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) != 1
    }

    /// How long to wait for news before the line is due again.
    var patience: Int32? { isShown ? 500 : nil }

    mutating func show(done: Int, failed: Int, bytes: Int64) throws(Failure) {
        guard isShown, MonotonicClock.now() - lastShown >= MapProgress.pause else { return }
        lastShown = MonotonicClock.now()
        let seconds = max(Double(lastShown - began) / 1e9, 0.001)
        let rate = Int(Double(done) / seconds)
        var text = "\(pool): \(done) done"
        if let inputSize, inputSize > 0 { text += " (\(min(100, bytes * 100 / inputSize))%)" }
        if failed > 0 { text += ", \(failed) failed" }
        try write("\r\(text), \(rate)/s\u{1B}[K", to: STDERR_FILENO)
    }

    /// Takes the line away.
    func end() throws(Failure) {
        if isShown, lastShown > 0 { try write("\r\u{1B}[K", to: STDERR_FILENO) }
    }
}
