import Glibc
import Linux

/// A connection to the control channel for a program that does one thing at a time: it waits, up to a deadline.
struct StreamSocket: ~Copyable {
    private let stream: UnixStream
    private var chunk = [UInt8](repeating: 0, count: 64 << 10)

    /// A daemon that hangs must not hang us as well.
    private static let patience: Int32 = 10_000
    private static let retryPause: Int32 = 100

    init(connectingTo path: String) throws(Failure) {
        for _ in 0..<StreamSocket.patience / StreamSocket.retryPause {
            do {
                stream = try UnixStream(connectingTo: path, blocking: false)
                return
            } catch  where error.errno == EAGAIN {
                // The daemon's queue of connections is full, and only trying again tells when it is not.
                poll(nil, 0, StreamSocket.retryPause)
            } catch {
                throw StreamSocket.connectFailure(path, error)
            }
        }
        throw StreamSocket.connectFailure(path, SystemError("connect", errno: EAGAIN))
    }

    private static func connectFailure(_ path: String, _ error: SystemError) -> Failure {
        let what = "cannot reach roostd at \(path): \(SystemError.text(error.errno))"
        switch error.errno {
        case ENOENT, ECONNREFUSED:
            return Failure(
                .unreachable,
                "\(what); is it running? Start it with \"systemctl start roostd\" or \"roostd --config FILE\", or name "
                    + "its socket with --socket or ROOST_SOCKET")
        case EACCES, EPERM:
            return Failure(
                .notPermitted,
                "\(what); try as root, or let socket_group and socket_mode in [daemon] of roost.toml let you in")
        case EAGAIN:
            return Failure(.unreachable, "\(what); it has been too busy to answer for \(patience / 1000) seconds")
        case ENAMETOOLONG:
            return Failure(.usage, "\(error)")
        case _:
            return Failure(.unreachable, what)
        }
    }

    func send(_ bytes: [UInt8]) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            do {
                switch try stream.descriptor.send(rest) {
                case .moved(let count): rest = rest.dropFirst(count)
                case .endOfFile: return
                case .wouldBlock: try waitUntilWritable()
                }
            } catch let error as SystemError {
                // A daemon that has already answered and closed, say because it is full: the answer is worth reading.
                if error.errno == EPIPE || error.errno == ECONNRESET { return }
                throw Failure(.unreachable, "cannot talk to roostd: \(error)")
            } catch {
                throw Failure(.unreachable, "cannot talk to roostd: it does not read what is sent to it")
            }
        }
    }

    private func waitUntilWritable() throws {
        var polled = pollfd(fd: stream.descriptor.raw, events: Int16(POLLOUT), revents: 0)
        if poll(&polled, 1, StreamSocket.patience) == 0 { throw SendTimeout() }
    }

    private struct SendTimeout: Error {}

    enum Arrival {
        /// The other descriptor has something to read, or has ended.
        case input
        case bytes(ArraySlice<UInt8>)
        case end
        case timeout
        case interrupt(Int32)
    }

    /// Waits for what comes first: bytes, their end, a signal from `interrupts`, or `milliseconds` without any.
    ///
    /// - Parameter input: another descriptor to wait for; -1 is none.
    mutating func receive(
        orInput input: Int32 = -1, milliseconds: Int32?, interrupts: Interrupts?
    ) throws(Failure) -> Arrival {
        while true {
            var polled = [
                pollfd(fd: stream.descriptor.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: interrupts?.readable ?? -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: input, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&polled, nfds_t(polled.count), milliseconds ?? -1)
            if ready == 0 { return .timeout }
            // Interrupted: by now the signal's byte is in the pipe, if it was one that we look for.
            if ready < 0 { continue }
            if polled[1].revents != 0, let signal = interrupts?.next() { return .interrupt(signal) }
            // What comes from roostd first, for it waits for room to send more.
            if polled[0].revents == 0 {
                if polled[2].revents != 0 { return .input }
                continue
            }
            do {
                switch try stream.descriptor.read(into: &chunk) {
                case .moved(let count): return .bytes(chunk[..<count])
                case .endOfFile: return .end
                case .wouldBlock: continue
                }
            } catch  where error.errno == ECONNRESET {
                return .end
            } catch {
                throw Failure(.unreachable, "cannot talk to roostd: \(error)")
            }
        }
    }
}
