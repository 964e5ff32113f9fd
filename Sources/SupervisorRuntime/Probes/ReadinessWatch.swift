import Linux
import Reactor
import Scheduling
import SupervisorCore

/// Looks out for one run's readiness, in the way that its definition says, and tells once.
final class ReadinessWatch {
    private let loop: EventLoop
    private let run: LiveRun
    private let tell: () -> Void
    private var prober: Prober?
    private var matcher: LineMatcher?
    private var observers: [(OutputPump, Int)] = []
    private var source: EventLoop.Source?

    /// - Parameter tell: the run is ready. Called from the event loop.
    init(_ run: LiveRun, in table: ProcessTable, on loop: EventLoop, tell: @escaping () -> Void) throws(SystemError) {
        self.loop = loop
        self.run = run
        self.tell = tell
        let ready = run.definition.ready
        switch ready.probe {
        case .spawned, .after, .notify:
            break  // The core and the notify socket see to these.
        case .tcp(let address):
            probe(ProbeQuestion.tcp(address, run.context), ready, table)
        case .exec(let command):
            probe(ProbeQuestion.exec(command), ready, table)
        case .line(let pattern):
            matcher = LineMatcher(pattern: run.context.expand(pattern))
            for stream in run.streams { watchLines(of: stream.pump) }
        case .descriptor:
            try watchNewline()
        }
    }

    deinit { end() }

    private func end() {
        for (pump, id) in observers { pump.removeObserver(id) }
        observers = []
        if let source { loop.remove(source) }
        source = nil
        prober = nil
    }

    private func probe(_ question: ProbeQuestion, _ ready: SupervisorCore.Readiness, _ table: ProcessTable) {
        prober = Prober(
            question, of: run, in: table, on: loop, first: .zero, every: ready.every,
            timeout: max(ready.every, .seconds(5))
        ) { [unowned self] outcome in
            guard outcome == .success else { return true }
            tell()
            return false
        }
    }

    private func watchLines(of pump: OutputPump) {
        let id = pump.addObserver { [weak self] chunk in
            // One that looks on before us may have ended the watch within this very chunk.
            guard let self, let bytes = try? chunk.contents(), matcher?.feed(bytes) == true else { return }
            matcher = nil
            tell()
        }
        observers.append((pump, id))
    }

    /// s6's way: a newline on a descriptor. The end of file without one says nothing; the timeout will.
    private func watchNewline() throws(SystemError) {
        guard let reader = run.newlineReader.take() else { return }
        let shared = SharedDescriptor(reader)
        var buffer = [UInt8](repeating: 0, count: 256)
        source = try loop.add(shared.descriptor.raw, .read, priority: .control) { [unowned self] _ in
            switch try? shared.descriptor.read(into: &buffer) {
            case .moved(let count):
                if buffer[..<count].contains(UInt8(ascii: "\n")) {
                    stopWatching()
                    tell()
                }
            case .wouldBlock: break
            case .endOfFile, nil: stopWatching()
            }
        }
    }

    private func stopWatching() {
        if let source { loop.remove(source) }
        source = nil
    }
}

/// Checks the health of one run, and tells the outcome of each check.
final class HealthWatch {
    private let prober: Prober

    init(
        _ run: LiveRun, _ health: HealthCheck, in table: ProcessTable, on loop: EventLoop,
        tell: @escaping (String?) -> Void
    ) {
        let question: ProbeQuestion =
            switch health.probe {
            case .exec(let command): .exec(command)
            case .tcp(let address): .tcp(address, run.context)
            case .http(let url): .http(url, run.context)
            }
        prober = Prober(
            question, of: run, in: table, on: loop, first: health.every, every: health.every, timeout: health.timeout
        ) { outcome in
            switch outcome {
            case .success: tell(nil)
            case .failure(let why): tell(why)
            }
            return true
        }
    }
}
