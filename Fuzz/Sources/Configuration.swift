import Configuration
import SupervisorCore

/// Any bytes are a plan or a list of problems, and the same one each time.
func fuzzConfiguration(_ bytes: [UInt8]) -> Int32 {
    let loaded = Loader.load(bytes, surroundings: surroundings)
    let hasErrors = loaded.problems.contains { $0.severity == .error }
    if (loaded.plan == nil) != hasErrors { finding("a plan and errors, or neither") }
    if let problem = loaded.problems.first(where: { $0.message.isEmpty }) { finding("an empty message: \(problem)") }
    if let plan = loaded.plan { check(plan) }
    return 0
}

/// What passes for valid must be a plan that a supervisor can begin, compare and shut down.
private func check(_ plan: Plan) {
    guard plan.workers.reduce(0, { $0 + $1.instances }) <= 1000 else { return }
    if !PlanDifference(from: plan, to: plan, currentCount: { _ in nil }).isEmpty {
        finding("a plan that differs from itself")
    }
    var supervisor = Supervisor(plan: plan, seed: 1)
    _ = supervisor.begin(at: start)
    if let broken = supervisor.brokenInvariant() { finding(broken) }
}

private var surroundings: Surroundings {
    Surroundings(
        mainDirectory: "/etc/roost", userExists: { $0.count % 2 == 0 }, groupExists: { $0.count % 2 == 0 },
        splitCommand: Surroundings.shellWords, finding: { $0.count % 2 == 0 ? .executable : .missing })
}
