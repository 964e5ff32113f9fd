import ControlProtocol

extension Session {
    /// Prints what became of instances, and fails when one did not get there.
    func report(_ result: ActionResult, done: String?) throws(Failure) {
        try show(result, OutcomeText.text(result.outcomes, done: done, style: style))
        if result.outcomes.contains(where: \.isFailure) { throw Failure(.notReached) }
    }
}
