import Glibc
import Linux

/// What standard output is.
struct Terminal {
    let isTerminal: Bool
    let hasColour: Bool

    /// Looks at descriptor 1 and at NO_COLOR, as https://no-color.org has it.
    init() {
        isTerminal = isatty(STDOUT_FILENO) == 1
        let refusesColour = environment("NO_COLOR").map { !$0.isEmpty } ?? false
        hasColour = isTerminal && !refusesColour && environment("TERM") != "dumb"
    }

    /// How text is to be laid out now; the window may have another size next time.
    var style: Style {
        var size = winsize()
        let hasSize = isTerminal && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return Style(width: hasSize ? Int(size.ws_col) : nil, hasColour: hasColour)
    }

    var height: Int? {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 0 ? Int(size.ws_row) : nil
    }
}

/// An environment variable, or nil when it is not set.
func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}

/// Writes all of the text. A reader that has gone away ends the program without a word, by SIGPIPE as usual.
func write(_ text: String, to fd: Int32 = STDOUT_FILENO) throws(Failure) { try write(Array(text.utf8), to: fd) }

func write(_ bytes: [UInt8], to fd: Int32 = STDOUT_FILENO) throws(Failure) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { bytes in
            repeatingOnInterrupt { write(fd, bytes.baseAddress, bytes.count) }
        }
        if count < 0, errno == EAGAIN {
            // Somebody made our output non-blocking, say the shell's other program on the same terminal.
            var polled = pollfd(fd: fd, events: Int16(POLLOUT), revents: 0)
            _ = poll(&polled, 1, -1)
            continue
        }
        guard count >= 0 else {
            throw Failure(.notReached, errno == EPIPE ? "" : "cannot write the output: \(SystemError.text(errno))")
        }
        rest = rest.dropFirst(count)
    }
}

private func repeatingOnInterrupt(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}
