package import Linux
package import Reactor
import Scheduling

/// Moves one stream of output from a worker's pipe to its log.
///
///     listening ──readable──▶ coalescing ──2 ms──▶ (drain) ──emptied──▶ listening
///         │                                          │ ├──target out of order or slow──▶ held ──▶ (drain)
///         └──pipe a quarter full, or hung up────────▶┘ └──end of file, or finished and emptied──▶ ended
///
/// A worker that writes line by line would wake the daemon for each line. Waiting 2 ms, or until a quarter of the pipe
/// is full, costs a fifth of the processor time and loses nothing: the pipe keeps what is written meanwhile.
package final class OutputPump {
    private enum State {
        case listening
        case coalescing(EventLoop.TimerHandle)
        /// The sink takes nothing now.
        case held(EventLoop.TimerHandle?)
        case ended
    }

    private static let coalescing = Duration.milliseconds(2)
    private static let pipeSize = 1 << 20
    /// What one pump may move in one turn of the loop, so that a torrent does not keep the others waiting.
    private static let turnBudget = 1 << 20

    package let sink: LogSink
    private let loop: EventLoop
    private let onEnd: () -> Void
    private var pipe: SharedDescriptor?
    private var source: EventLoop.Source?
    private let eager: Int
    private var state = State.listening
    private var observers = Observers<OutputChunk>()
    /// Once the run is over: how many bytes are still to be moved.
    private var remainder: Int?

    /// Starts to pump.
    ///
    /// - Parameter pipe: the read end, made as large as the kernel allows.
    /// - Parameter onEnd: is called once, when the last byte has been moved and the pipe is closed.
    package init(
        from pipe: consuming OwnedDescriptor, to sink: LogSink, on loop: EventLoop, onEnd: @escaping () -> Void
    ) throws(SystemError) {
        try pipe.setNonblocking()
        eager = try pipe.growPipe(to: Self.pipeSize) / 4
        let shared = SharedDescriptor(pipe)
        self.pipe = shared
        self.sink = sink
        self.loop = loop
        self.onEnd = onEnd
        source = try loop.add(shared.descriptor.raw, .read, .oneShot, priority: .output) { [weak self] news in
            self?.becameReadable(news)
        }
    }

    deinit { close() }

    /// Whether the last byte has been moved and the pipe is closed.
    package var hasEnded: Bool { pipe == nil }

    /// Shows each chunk to `observe` after it has been moved.
    ///
    /// - Returns: what `removeObserver` needs.
    package func addObserver(_ observe: @escaping (OutputChunk) -> Void) -> Int { observers.add(observe) }

    package func removeObserver(_ id: Int) { observers.remove(id) }

    /// The run is over and its processes are gone: move what is in the pipe now, then end.
    ///
    /// A process that escaped may hold the write end for ever, so the end of file is not waited for.
    package func finish() {
        guard remainder == nil, let pipe else { return }
        // A pipe in working order always says how much it holds; otherwise its capacity bounds it.
        remainder = (try? pipe.descriptor.readableBytes()) ?? eager * 4
        switch state {
        case .listening: drain()
        case .coalescing(let timer):
            loop.cancel(timer)
            drain()
        case .held, .ended: break
        }
    }

    /// Ends at once, for a daemon that must go. What is left stays in the pipe, for whoever else holds it.
    ///
    /// - Returns: the bytes that were left.
    @discardableResult
    package func abandon() -> Int {
        let left = (try? pipe?.descriptor.readableBytes()) ?? 0
        close()
        return left
    }

    // MARK: - The cycle

    private func becameReadable(_ news: Readiness) {
        guard let pipe, case .listening = state else { return }
        let waiting = (try? pipe.descriptor.readableBytes()) ?? eager
        guard waiting < eager, remainder == nil, !news.contains(.hangUp) else { return drain() }
        state = .coalescing(loop.schedule(at: loop.now + Self.coalescing) { [weak self] in self?.drain() })
    }

    private func drain() {
        var budget = Self.turnBudget
        while let pipe {
            if remainder == 0 { return end() }
            if budget == 0 { return listen() }
            let limit = min(budget, remainder ?? budget)
            switch sink.drain(from: pipe.descriptor, atMost: limit, isObserved: !observers.isEmpty) {
            case .moved(let count, let chunk):
                budget = max(0, budget - count)
                if let before = remainder { remainder = max(0, before - count) }
                // A copy, because who is told may add or remove observers, or end this pump.
                let audience = observers
                if let chunk { audience.tell(chunk) }
            case .empty:
                return remainder == nil ? listen() : end()
            case .ended:
                return end()
            case .busy:
                state = .held(nil)
                return sink.whenIdle { [weak self] in self?.drain() }
            case .waiting(let moment):
                return hold(until: moment)
            }
        }
    }

    /// Waits for more. The kernel reports at once when there is some already, in the next turn of the loop.
    private func listen() {
        state = .listening
        guard let source else { return }
        do {
            try loop.rearm(source, .read)
        } catch {
            hold(until: loop.now + Outage.firstDelay)
        }
    }

    private func hold(until moment: Instant) {
        state = .held(loop.schedule(at: moment) { [weak self] in self?.drain() })
    }

    private func end() {
        guard pipe != nil else { return }
        close()
        onEnd()
    }

    private func close() {
        switch state {
        case .coalescing(let timer): loop.cancel(timer)
        case .held(let timer): if let timer { loop.cancel(timer) }
        case .listening, .ended: break
        }
        state = .ended
        if let source { loop.remove(source) }
        source = nil
        pipe = nil
    }
}
