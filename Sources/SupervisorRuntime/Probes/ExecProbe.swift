import Glibc
import Linux
import Reactor
import Scheduling
import Subprocesses

/// One question asked by running a command: exit code 0 means yes.
///
/// Calls back exactly once, from the event loop, unless it is cancelled. A command that takes too long is killed with
/// its whole session group.
final class ExecProbe {
    private let request: SpawnRequest
    private let timeout: Duration
    private let loop: EventLoop
    private var whenDone: ((ProbeOutcome) -> Void)?
    private var process: ProcessDescriptor?
    private var pid: Int32 = 0
    private var source: EventLoop.Source?
    private var timer: EventLoop.TimerHandle?
    private var isTooLate = false
    /// Its process is gone and reaped.
    var ended: ((Int32) -> Void)?

    init(
        _ request: SpawnRequest, timeout: Duration, on loop: EventLoop, _ whenDone: @escaping (ProbeOutcome) -> Void
    ) {
        self.request = request
        self.timeout = timeout
        self.loop = loop
        self.whenDone = whenDone
    }

    /// - Parameter spawned: is told the pid, before anything can happen to it.
    func begin(spawned: (Int32) -> Void) {
        do {
            let spawned_ = try spawn(request)
            pid = spawned_.pid
            spawned(pid)
            let descriptor = spawned_.intoDescriptor()
            let raw = descriptor.raw
            process = consume descriptor
            source = try loop.add(raw, .read, priority: .exits) { [self] _ in exited() }
            timer = loop.schedule(at: loop.now + timeout) { [weak self] in self?.giveUp() }
        } catch {
            // A command that cannot be watched must not live.
            killCommand()
            finishSoon(.failure("\(error)"))
        }
    }

    /// Forgets the question; there will be no call. The command is killed, and reaped when it is gone.
    func cancel() {
        whenDone = nil
        killCommand()
    }

    /// Its process has ended.
    func exited() {
        guard let exit = try? process?.reap() else { return }
        if let source { loop.remove(source) }
        if let timer { loop.cancel(timer) }
        source = nil
        process = nil
        ended?(pid)
        if isTooLate { return finish(.failure("the command did not end within \(timeout)")) }
        finish(exit.isSuccess ? .success : .failure("the command ended with \(exit)"))
    }

    private func giveUp() {
        isTooLate = true
        killCommand()
    }

    private func killCommand() {
        // Not reaped yet, so the group's number is still its own.
        if process != nil { _ = kill(-pid, SIGKILL) }
    }

    private func finishSoon(_ outcome: ProbeOutcome) {
        _ = loop.schedule(at: loop.now) { [weak self] in self?.finish(outcome) }
    }

    private func finish(_ outcome: ProbeOutcome) {
        let whenDone = self.whenDone
        self.whenDone = nil
        whenDone?(outcome)
    }
}
