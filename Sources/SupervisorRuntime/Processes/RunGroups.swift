import Glibc
import Linux
import Logging
import Reactor
import Scheduling
import SupervisorCore

/// The cgroups that runs are born in: `PARENT/WORKER/INDEX#NUMBER`.
final class RunGroups {
    /// How many leftovers of earlier daemons, whose runs had the same numbers, are stepped over.
    private static let mostLeftovers = 64
    private static let removalAttempts = 6
    private static let firstDelay = Duration.milliseconds(20)

    private let parent: ControlGroup
    private let loop: EventLoop
    private let logger: Logger

    init(below parent: ControlGroup, loop: EventLoop, logger: Logger) {
        self.parent = parent
        self.loop = loop
        self.logger = logger
    }

    /// Makes a fresh group. Where an earlier daemon left one of that name with processes in it, the name gets a suffix:
    /// `0#1.2`.
    func make(for run: RunID) throws(SystemError) -> ControlGroup {
        let worker = try parent.ensureChild(run.instance.worker)
        let name = "\(run.instance.index)#\(run.number)"
        var attempt = 1
        while true {
            let tried = attempt == 1 ? name : "\(name).\(attempt)"
            let leftover = worker.child(tried)
            if (try? leftover.isPopulated()) == false { try? leftover.remove() }
            do {
                return try worker.createChild(tried)
            } catch  where error.errno == EEXIST && attempt <= Self.mostLeftovers {
                attempt += 1
            } catch {
                throw error
            }
        }
    }

    /// Removes the group of a run that is over. The kernel may take a moment to let go of processes that have ended.
    func remove(_ group: ControlGroup, of run: RunID) { remove(group, of: run, attempt: 1) }

    private func remove(_ group: ControlGroup, of run: RunID, attempt: Int) {
        do {
            try group.remove()
        } catch  where error.errno == EBUSY && attempt < Self.removalAttempts {
            _ = loop.schedule(at: loop.now + Self.firstDelay * (1 << attempt)) { [weak self] in
                self?.remove(group, of: run, attempt: attempt + 1)
            }
        } catch {
            logger.warning("\(run): \(error)")
        }
    }
}
