/// Where the output of a worker goes, as configured.
package struct LogTarget: Hashable, Sendable {
    /// What to do with output while the target takes none: a full disk, a lost directory, a FIFO that nobody reads.
    package enum WhenFull: Hashable, Sendable {
        /// Leave it in the pipe. The worker waits as soon as the pipe is full; nothing is lost.
        case block
        /// Throw it away and count it. The worker never waits.
        case drop
    }

    package let path: String
    /// The size in bytes at which the file is put aside and a new one begun; 0 for never.
    package let rotateSize: Int64
    /// How many files put aside are kept, `path.1` being the newest.
    package let keep: Int
    package let whenFull: WhenFull
    /// Whether the path, or that of a file put aside, may be a symbolic link. Not where others can guess the name.
    package let followsLinks: Bool

    package init(path: String, rotateSize: Int64, keep: Int, whenFull: WhenFull, followsLinks: Bool = true) {
        self.followsLinks = followsLinks
        self.path = path
        self.rotateSize = rotateSize
        self.keep = keep
        self.whenFull = whenFull
    }
}

/// What an operator should hear about a log target.
package enum LogNews: Hashable, Sendable, CustomStringConvertible {
    /// The target takes no output; told once for each outage.
    case failing(path: String, reason: String, LogTarget.WhenFull)
    /// The target takes output again.
    case recovered(path: String, after: Duration, dropped: Int64)
    /// The file could not be put aside; it grows on meanwhile.
    case rotationFailed(path: String, reason: String)

    package var description: String {
        switch self {
        case .failing(let path, let reason, .block):
            "cannot write the log \(path): \(reason); its workers wait when their pipes are full: make room or fix it"
        case .failing(let path, let reason, .drop):
            "cannot write the log \(path): \(reason); output is thrown away until that is mended"
        case .recovered(let path, let duration, let dropped):
            "the log \(path) is written again after \(duration)"
                + (dropped == 0 ? "; nothing was lost" : "; \(dropped) bytes were thrown away")
        case .rotationFailed(let path, let reason):
            "cannot rotate the log \(path): \(reason); it grows on: fix its directory"
        }
    }
}
