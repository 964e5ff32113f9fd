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
    ///
    /// - Parameter owner: for the log.
    func remove(_ group: ControlGroup, of owner: String, attempt: Int = 1) {
        do {
            try group.remove()
        } catch  where error.errno == EBUSY && attempt < Self.removalAttempts {
            _ = loop.schedule(at: loop.now + Self.firstDelay * (1 << attempt)) { [weak self] in
                self?.remove(group, of: owner, attempt: attempt + 1)
            }
        } catch {
            logger.warning("\(owner): \(error)")
        }
    }

    // MARK: - What earlier daemons have left

    /// The groups of runs of a worker or queue that are there, of all its runs or of these only.
    func existing(of worker: String, _ runs: Set<RunID>?) throws(SystemError) -> [ControlGroup] {
        let groups: [ControlGroup]
        do {
            groups = try parent.child(worker).subgroups()
        } catch  where error.errno == ENOENT {
            return []
        } catch {
            throw error
        }
        return groups.filter { group in
            let name = group.path.split(separator: "/").last ?? ""
            guard let run = Self.run(named: name, of: worker) else { return false }
            return runs?.contains(run) ?? true
        }
    }

    /// The run for which `make` gave this name; nil if it is no such name.
    static func run(named name: Substring, of worker: String) -> RunID? {
        let parts = name.split(separator: "#", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int(parts[0]) else { return nil }
        let numbers = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard numbers.count <= 2, let number = UInt64(numbers[0]), numbers.allSatisfy({ UInt64($0) != nil }) else {
            return nil
        }
        return RunID(instance: InstanceID(worker: worker, index: index), number: number)
    }
}
