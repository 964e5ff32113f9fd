import SupervisorCore

/// FNV-1a over everything that happens in one life: two lives with the same digest went the same way.
package struct Digest: Equatable, Sendable {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    package mutating func feed(_ number: UInt64) { value = (value ^ number) &* 0x100_0000_01b3 }

    mutating func feed(_ text: String) {
        for byte in text.utf8 { feed(UInt64(byte)) }
        feed(0xff)
    }

    mutating func feed(_ run: RunID) {
        feed(run.instance)
        feed(run.number)
    }

    private mutating func feed(_ instance: InstanceID) {
        feed(instance.worker)
        feed(UInt64(instance.index))
    }

    mutating func feed(_ effect: Effect) {
        switch effect {
        case .spawn(let run, let definition):
            feed(1)
            feed(run)
            definition.launch.arguments.forEach { feed($0) }
        case .probeReadiness(let run):
            feed(2)
            feed(run)
        case .checkHealth(let run, _):
            feed(3)
            feed(run)
        case .endProbes(let run):
            feed(4)
            feed(run)
        case .signal(let run, let signal, let wholeTree):
            feed(wholeTree ? 5 : 6)
            feed(run)
            feed(UInt64(signal.number))
        case .abandon(let run):
            feed(7)
            feed(run)
        case .release(let run):
            feed(8)
            feed(run)
        case .announce(let told):
            feed(told.kind.rawValue)
            if let instance = told.instance { feed(instance) }
            if let task = told.task { feed(task.number) }
            feed(told.message)
        case .reply(let id, let reply):
            feed(9)
            feed(id.number)
            feed(reply)
        case .finish:
            feed(10)
        case .store(let ticket, let changes):
            feed(11)
            feed(ticket.number)
            changes.forEach { feed($0.brief) }
        case .sweep(let queue, let runs):
            feed(12)
            feed(queue)
            runs.forEach { feed($0) }
        case .forgetTasks(let queue, let tasks):
            feed(13)
            feed(queue)
            tasks.forEach { feed($0.number) }
        case .sendTask(let run, let task, let line):
            feed(14)
            feed(run)
            feed(task.number)
            line.forEach { feed(UInt64($0)) }
        case .endTasks(let run):
            feed(15)
            feed(run)
        }
    }

    private mutating func feed(_ reply: Reply) {
        switch reply {
        case .done(let outcomes):
            for outcome in outcomes {
                feed(outcome.instance)
                feed(outcome.result.rawValue)
                feed(outcome.message)
            }
        case .submitted, .tasks, .queues, .called:
            feed(reply.brief)
        case .refused(let refusal):
            feed("\(refusal)")
        }
    }
}
