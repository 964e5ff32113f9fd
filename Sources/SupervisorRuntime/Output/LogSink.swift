import Glibc
package import Linux
import Reactor
import Scheduling

/// Output that has just been moved, for those who look on.
package enum OutputChunk {
    /// It is in the log, at this range of positions.
    case appended(Range<Int64>, LogFile)
    /// It is in no file that could be read back.
    case bytes([UInt8])

    /// The output itself.
    package func contents() throws(SystemError) -> [UInt8] {
        switch self {
        case .appended(let range, let file): try file.read(range)
        case .bytes(let bytes): bytes
        }
    }
}

/// The receiving end of output: a file, a stream or nothing, with the policy for a target that takes none.
///
/// Pumps with the same target share one sink.
package final class LogSink {
    /// What became of one attempt to move output on.
    enum Drain {
        /// So many bytes left the pipe. The chunk is missing where they were thrown away unseen.
        case moved(Int, OutputChunk?)
        case empty
        case ended
        /// The target is slow; `whenIdle` tells when it has caught up.
        case busy
        /// The target is out of order; try again at this time.
        case waiting(until: Instant)
    }

    /// nil when output is not kept.
    package private(set) var target: LogTarget?
    /// The file behind this sink, to read back from; nil for a stream, or when output is not kept.
    package private(set) var file: LogFile?
    private var stream: LogStream?
    private var outage: Outage?

    private let loop: EventLoop
    private let discard: Discard
    private let report: (LogNews) -> Void

    init(_ target: LogTarget?, loop: EventLoop, discard: Discard, peek: LogPeek, report: @escaping (LogNews) -> Void) {
        self.target = target
        self.loop = loop
        self.discard = discard
        self.report = report
        guard let target, !LogStream.isNeeded(for: target.path, followingLinks: target.followsLinks) else { return }
        let rotation = LogFile.Rotation(size: target.rotateSize, keep: target.keep)
        file = LogFile(
            path: target.path, rotation: rotation, followsLinks: target.followsLinks, peek: peek
        ) { error in
            report(.rotationFailed(path: target.path, reason: SystemError.text(error.errno)))
        }
    }

    /// Takes over changed settings for the same path.
    func configure(_ target: LogTarget) {
        precondition(target.path == self.target?.path, "a sink stays with its path")
        self.target = target
        file?.rotation = LogFile.Rotation(size: target.rotateSize, keep: target.keep)
    }

    /// Whether the target takes no output at present.
    package var isFailing: Bool { outage != nil }

    /// Opens the target anew, after it was moved away by logrotate or the like.
    package func reopen() {
        stream = stream?.isBusy == true ? stream : nil
        do {
            try file?.reopen()
        } catch {
            fail(error)
        }
    }

    func whenIdle(_ action: @escaping () -> Void) { stream?.whenIdle(action) }

    /// Moves at most `limit` bytes out of `pipe`, to the target or wherever the policy says.
    ///
    /// - Parameter isObserved: whether somebody wants to see what is thrown away.
    func drain(from pipe: borrowing OwnedDescriptor, atMost limit: Int, isObserved: Bool) -> Drain {
        guard let target else { return throwAway(from: pipe, atMost: limit, isObserved: isObserved) }
        if let outage, loop.now < outage.nextAttempt {
            return standIn(target, outage, pipe, limit: limit, isObserved: isObserved)
        }
        do {
            let result =
                if let file { try drain(pipe, to: file, limit) } else { try drainToStream(pipe, target) }
            if case .moved = result { recover() }
            return result
        } catch {
            let outage = fail(error)
            return standIn(target, outage, pipe, limit: limit, isObserved: isObserved)
        }
    }

    // MARK: - The three ways

    private func drain(
        _ pipe: borrowing OwnedDescriptor, to file: LogFile, _ limit: Int
    ) throws(SystemError) -> Drain {
        switch try file.drain(from: pipe, atMost: limit) {
        case .moved(let range): return .moved(range.count, .appended(range, file))
        case .empty: return .empty
        case .ended: return .ended
        }
    }

    private func drainToStream(_ pipe: borrowing OwnedDescriptor, _ target: LogTarget) throws(SystemError) -> Drain {
        let stream: LogStream
        if let open = self.stream {
            stream = open
        } else {
            stream = try LogStream(path: target.path, loop: loop)
            self.stream = stream
        }
        try stream.flush()
        guard !stream.isBusy else {
            guard target.whenFull == .drop else { return .busy }
            // Where output may be lost, a reader that does not keep up is an outage like any other.
            throw SystemError("write", target.path, errno: EAGAIN)
        }
        let (result, bytes) = try stream.take(from: pipe)
        switch result {
        case .moved(let count):
            // Taken out of the pipe, so it counts as moved; a failure keeps it and shows again at the next drain.
            do { try stream.flush() } catch { fail(error) }
            return .moved(count, .bytes(bytes))
        case .wouldBlock: return .empty
        case .endOfFile: return .ended
        }
    }

    private func throwAway(
        from pipe: borrowing OwnedDescriptor, atMost limit: Int, isObserved: Bool
    ) -> Drain {
        do {
            let (result, bytes) = try discard.drain(from: pipe, atMost: limit, handOver: isObserved)
            switch result {
            case .moved(let count): return .moved(count, isObserved ? .bytes(bytes) : nil)
            case .wouldBlock: return .empty
            case .endOfFile: return .ended
            }
        } catch {
            // Neither a pipe nor /dev/null fails but for want of memory.
            return .waiting(until: loop.now + Outage.firstDelay)
        }
    }

    // MARK: - Outages

    /// What to do with output in an outage.
    private func standIn(
        _ target: LogTarget, _ outage: Outage, _ pipe: borrowing OwnedDescriptor, limit: Int, isObserved: Bool
    ) -> Drain {
        switch target.whenFull {
        case .block:
            return .waiting(until: outage.nextAttempt)
        case .drop:
            let result = throwAway(from: pipe, atMost: limit, isObserved: isObserved)
            if case .moved(let count, _) = result { self.outage?.dropped += Int64(count) }
            return result
        }
    }

    @discardableResult
    private func fail(_ error: SystemError) -> Outage {
        if var known = outage {
            known.goOn(at: loop.now)
            outage = known
            return known
        }
        let new = Outage(at: loop.now)
        outage = new
        if let target {
            let reason = error.errno == EAGAIN ? "it is not read fast enough" : SystemError.text(error.errno)
            report(.failing(path: target.path, reason: reason, target.whenFull))
        }
        return new
    }

    private func recover() {
        // A stream that has kept what it could not write has not recovered.
        guard let outage, stream?.isBusy != true, let target else { return }
        self.outage = nil
        report(.recovered(path: target.path, after: loop.now - outage.began, dropped: outage.dropped))
    }
}
