import SupervisorCore

extension ControlError {
    /// Of a refusal about pools.
    init(poolRefusal refusal: Reply.Refusal) {
        switch refusal {
        case .noPool(let name):
            self.init(.unknownName, "cannot call \(name): it is no pool; pools are what [pool.NAME] defines")
        case .poolIsDown(let name, let reason):
            self.init(
                .notRunning,
                "cannot call \(name), because nothing of it runs: \(reason); "
                    + "\"roostctl why \(name)\" tells more")
        case .callTimedOut(let task):
            self.init(
                .waitTimedOut,
                "waited in vain for task \(task); it goes on, and \"roostctl result \(task)\" tells of it",
                data: Details(task: task.number))
        case _:
            self.init(.internalError, "cannot tell why this is refused: \(refusal)")
        }
    }
}
