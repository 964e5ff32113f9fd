import ControlProtocol
import SupervisorCore

/// One `map` at work: keeps as many tasks on their way as the window has room for.
struct MapRun: ~Copyable {
    /// What may be on its way back to us at once: more, and roostd would take us for one who does not read.
    private static let answerBudget = 2 << 20
    /// Until the size of answers is known.
    private static let firstWindow = 4

    private var client: ControlClient
    private var input: InputLines
    private var query: PoolQuery
    private let window: Int
    private var order: MapOrder
    private let keepsGoing: Bool
    private var progress: MapProgress

    /// The places in the output of what is on its way, by the request's number.
    private var open: [Int64: (place: Int, line: Int)] = [:]
    private var places = 0
    private var largest = 0
    private var firstFailure: String?
    private var failures = 0

    init(
        client: consuming ControlClient, input: consuming InputLines, query: PoolQuery, window: Int, order: MapOrder,
        keepsGoing: Bool, progress: MapProgress
    ) {
        self.client = client
        self.input = input
        self.query = query
        self.window = window
        self.order = order
        self.keepsGoing = keepsGoing
        self.progress = progress
    }

    private var room: Int {
        let limit = largest == 0 ? MapRun.firstWindow : max(1, MapRun.answerBudget / largest)
        return min(window, limit) - open.count
    }

    private var wantsInput: Bool { firstFailure == nil || keepsGoing }

    mutating func run(interrupts: Interrupts?) throws(Failure) {
        while true {
            try sendWhatFits()
            try write(order.takeReady())
            let needsInput = wantsInput && room > 0 && !input.hasEnded
            guard !open.isEmpty || needsInput else { break }
            try step(waitingForInput: needsInput, interrupts: interrupts)
        }
        try progress.end()
        guard failures > 0 else { return }
        if keepsGoing { throw Failure(.notReached, "\(failures) of \(places) tasks failed") }
        throw Failure(.notReached, firstFailure ?? "")
    }

    private mutating func sendWhatFits() throws(Failure) {
        while wantsInput, room > 0 {
            guard let line = try input.next() else { return }
            let place = places
            places += 1
            guard let value = JSONText.value(in: line) else {
                fail(place, line: input.number, "line \(input.number) is no JSON", report: nil)
                continue
            }
            query.task = JSONText.compact(line, value)
            open[try client.send(query)] = (place, input.number)
        }
    }

    private mutating func step(waitingForInput: Bool, interrupts: Interrupts?) throws(Failure) {
        try progress.show(done: places - open.count, failed: failures, bytes: input.bytesTaken)
        let arrival = try client.nextAnswer(
            orInput: waitingForInput ? input.descriptor : -1, milliseconds: progress.patience,
            interrupts: interrupts)
        switch arrival {
        case .input: try input.read()
        case .timeout: break
        case .answer(let number, let result):
            guard let (place, line) = open.removeValue(forKey: number) else { return }
            take(result, place, line)
        case .failure(let number, let error):
            guard let number, let (place, line) = open.removeValue(forKey: number) else { throw Failure(error) }
            // What holds for one of them and nobody else; all else holds for the rest as well.
            guard error.knownCode == .waitTimedOut else { throw Failure(error) }
            fail(place, line: line, "line \(line): \(error.message)", report: nil)
        }
    }

    private mutating func take(_ result: PoolResult, _ place: Int, _ line: Int) {
        largest = max(largest, (result.result?.count ?? 0) + (result.error?.count ?? 0) + 128)
        if let answer = result.result, result.state == .done {
            order.add(order.asReports ? result.json : answer, at: place)
        } else {
            fail(place, line: line, "line \(line): task \(result.task) \(result.failure)", report: result)
        }
    }

    private mutating func fail(_ place: Int, line: Int, _ what: String, report: PoolResult?) {
        failures += 1
        firstFailure = firstFailure ?? what
        guard keepsGoing else { return order.add(nil, at: place) }
        if order.asReports, let report { return order.add(report.json, at: place) }
        order.add(Array("{\"error\":".utf8) + (report?.error ?? JSONText.quoted(what)) + Array("}".utf8), at: place)
    }
}

/// Answers on their way to the output, in the order in which they are to stand there.
struct MapOrder {
    let isOrdered: Bool
    /// Whether the output has whole reports and not only answers.
    let asReports: Bool
    private var waiting: [Int: [UInt8]?] = [:]
    private var next = 0
    private var ready: [UInt8] = []

    init(isOrdered: Bool, asReports: Bool) {
        self.isOrdered = isOrdered
        self.asReports = asReports
    }

    /// - Parameter line: nil leaves the place out.
    mutating func add(_ line: [UInt8]?, at place: Int) {
        guard isOrdered else { return emit(line) }
        waiting[place] = .some(line)
        while let line = waiting.removeValue(forKey: next) {
            emit(line)
            next += 1
        }
    }

    private mutating func emit(_ line: [UInt8]?) {
        guard let line else { return }
        ready += line
        ready.append(UInt8(ascii: "\n"))
    }

    /// What may be written now.
    mutating func takeReady() -> [UInt8] {
        defer { ready.removeAll(keepingCapacity: true) }
        return ready
    }
}
