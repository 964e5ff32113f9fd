import Reactor
import Scheduling
import SupervisorCore

/// What a probe asks, made concrete for one run.
enum ProbeQuestion {
    case network(NetworkProbe.Question)
    case exec([String])
    /// It can never be asked; the text says why.
    case impossible(String)

    static func tcp(_ address: SupervisorCore.SocketAddress, _ context: LaunchContext) -> ProbeQuestion {
        let port = context.expand(address.port)
        guard let number = UInt16(port), number > 0 else { return .impossible("\"\(port)\" is no port") }
        return .network(.connect(host: context.expand(address.host), port: number))
    }

    static func http(_ url: String, _ context: LaunchContext) -> ProbeQuestion {
        do {
            return .network(.get(try HTTPTarget(url: context.expand(url))))
        } catch {
            return .impossible(error.description)
        }
    }
}

/// Asks one question again and again, never twice at once.
final class Prober {
    private let question: ProbeQuestion
    private let run: LiveRun
    private let table: ProcessTable
    private let loop: EventLoop
    private let every: Duration
    private let timeout: Duration
    /// Returns whether to go on asking.
    private let hear: (ProbeOutcome) -> Bool
    private var network: NetworkProbe?
    private var exec: ExecProbe?
    private var timer: EventLoop.TimerHandle?

    init(
        _ question: ProbeQuestion, of run: LiveRun, in table: ProcessTable, on loop: EventLoop, first: Duration,
        every: Duration, timeout: Duration, _ hear: @escaping (ProbeOutcome) -> Bool
    ) {
        self.question = question
        self.run = run
        self.table = table
        self.loop = loop
        self.every = every
        self.timeout = timeout
        self.hear = hear
        schedule(after: first)
    }

    deinit {
        network?.cancel()
        exec?.cancel()
        if let timer { loop.cancel(timer) }
    }

    private func schedule(after delay: Duration) {
        timer = loop.schedule(at: loop.now + delay) { [unowned self] in ask() }
    }

    private func ask() {
        timer = nil
        let asked = loop.now
        let answer: (ProbeOutcome) -> Void = { [weak self] outcome in self?.answered(outcome, asked: asked) }
        switch question {
        case .network(let question):
            network = NetworkProbe(question, timeout: timeout, on: loop, answer)
        case .exec(let command):
            exec = table.probe(command, beside: run.context, timeout: timeout, answer)
        case .impossible(let why):
            answered(.failure(why), asked: asked)
        }
    }

    private func answered(_ outcome: ProbeOutcome, asked: Instant) {
        network = nil
        exec = nil
        guard hear(outcome) else { return }
        let next = asked + every
        schedule(after: max(.zero, next - loop.now))
    }
}
