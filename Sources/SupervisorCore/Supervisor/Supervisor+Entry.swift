import Scheduling

extension Supervisor {
    /// One worker of the plan, or one that has left the plan and is being stopped.
    struct Entry: Sendable {
        /// As the next run will have it. Its count follows `scale`.
        var definition: WorkerDefinition
        var isRemoved = false
        /// The tasks, if this is a pool.
        var pool: PoolMachine?
        var slots: [Slot] = []
        /// Some worker that it requires is not wanted up, so neither is this one.
        var isHeld = false
        /// The groups that it is a member of, by their place in the plan.
        var groups: [Int] = []
        var tally = Tally()

        /// All that are wanted are up, and there are some: what requires this may start.
        var isUp: Bool { tally.wanted > 0 && tally.up == tally.wanted }
        /// Nothing is on its way up or down: what is ordered after this may start.
        var isSettled: Bool { tally.settled == slots.count }
        /// Something is on its way down: what this is ordered after must not stop yet.
        var isGoingDown: Bool { tally.goingDown > 0 }
        /// All that other workers look at.
        var condition: Condition {
            Condition(isUp: isUp, isSettled: isSettled, isGoingDown: isGoingDown, isActive: tally.active > 0)
        }
    }

    /// What a worker as a whole looks like to its neighbours.
    struct Condition: Equatable, Sendable {
        let isUp: Bool
        let isSettled: Bool
        let isGoingDown: Bool
        let isActive: Bool
    }

    /// One instance and what is wanted of it.
    struct Slot: Sendable {
        var machine: InstanceMachine
        /// What the operator asked for last.
        var isWanted: Bool
        /// The run in hand is to be ended and another one started; the text says why.
        var restartReason: String?
        /// Its group gave up; cleared by the next request to start.
        var verdict: String?
        /// It is beyond the count, or its worker has left the plan.
        var isLeaving = false
        /// Requests that wait for it.
        var waiters: [Waiter] = []

        // Derived from the above and kept in step by `refresh`, in one place.
        var timer: (handle: TimerWheel<InstanceID>.Handle, deadline: Instant)?
        var contribution = Contribution()
        var isDirty = false
        var isQueued = false
    }

    /// How many slots of an entry are in each condition: kept by counting, so that a pool of thousands costs O(1) for
    /// each change.
    struct Tally: Equatable, Sendable {
        var wanted = 0
        var up = 0
        var settled = 0
        var goingDown = 0
        var active = 0
    }

    /// What one slot adds to its entry's tally, and to the counts of starting and of active instances.
    struct Contribution: Equatable, Sendable {
        var wanted = false
        var up = false
        var settled = false
        var goingDown = false
        var starting = false
        var active = false
    }

    /// Where a slot is: entry, then slot.
    struct Place: Hashable, Sendable {
        var entry: Int
        var slot: Int
    }

    /// Whether the instance should be up, were it alone in the world.
    func isDesired(_ place: Place) -> Bool {
        self[place].isWanted && !self[place].isLeaving && self[place].verdict == nil
            && !entries[place.entry].isHeld && !isShuttingDown
    }

    /// Brings everything that is derived from a slot in step with it. To be called after every change of a slot.
    ///
    /// Marks for settling whoever could be affected. Complexity: O(1), plus O(instances of neighbours) when the
    /// worker as a whole came up, went down or settled.
    mutating func refresh(_ place: Place, at now: Instant, effects: inout [Effect]) {
        let before = entries[place.entry].condition
        let old = self[place].contribution
        let new = contribution(of: place)
        self[place].contribution = new
        count(old, in: place.entry, times: -1)
        count(new, in: place.entry, times: 1)
        syncTimer(of: place)
        markDirty(place)
        if entries[place.entry].pool != nil { syncPool(place, at: now, effects: &effects) }
        if entries[place.entry].condition != before { markNeighbours(of: place.entry) }
        resolveWaiters(of: place, effects: &effects)
    }

    mutating func count(_ contribution: Contribution, in entry: Int, times factor: Int) {
        entries[entry].tally.wanted += contribution.wanted ? factor : 0
        entries[entry].tally.up += contribution.up ? factor : 0
        entries[entry].tally.settled += contribution.settled ? factor : 0
        entries[entry].tally.goingDown += contribution.goingDown ? factor : 0
        startingCount += contribution.starting ? factor : 0
        entries[entry].tally.active += contribution.active ? factor : 0
        activeCount += contribution.active ? factor : 0
    }

    private func contribution(of place: Place) -> Contribution {
        let desired = isDesired(place)
        let restarting = self[place].restartReason != nil
        var result = Contribution()
        result.wanted = self[place].isWanted && !self[place].isLeaving
        // One that even SIGKILL did not end must not hold up everything else for ever.
        let isStuck = self[place].machine.isStuck
        result.active = self[place].machine.isActive && !isStuck
        switch self[place].machine.state {
        case .stopped, .waiting, .backoff:
            result.settled = !desired
        case .exited:
            result.up = result.wanted && !restarting
            result.settled = !restarting
        case .fatal:
            result.settled = !restarting
        case .running:
            result.up = result.wanted && desired && !restarting
            result.settled = desired && !restarting
            result.goingDown = !desired || restarting
        case .spawning, .starting:
            result.goingDown = !desired || restarting
            result.starting = true
        case .stopping(let stopping):
            result.goingDown = !isStuck && (!desired || restarting || stopping.cause.isRequested)
        }
        return result
    }

    /// The wheel holds exactly the deadline that the machine's state has.
    private mutating func syncTimer(of place: Place) {
        let deadline = self[place].machine.deadline
        guard self[place].timer?.deadline != deadline else { return }
        if let timer = self[place].timer { wheel.cancel(timer.handle) }
        let id = self[place].machine.id
        self[place].timer = deadline.map { (wheel.insert(id, at: $0), $0) }
    }
}

extension InstanceMachine.Cause {
    var isRequested: Bool {
        switch self {
        case .requested: true
        case .ownExit, .startTimedOut, .unhealthy: false
        }
    }
}
