import ControlProtocol
import SupervisorCore
import Testing

@Suite struct AccessTests {
    private let access = Access(
        daemonUser: 900,
        grants: [
            Access.Grant(
                AccessRule(name: "deploy", group: "deploy", verbs: ["status", "restart"], workers: ["web*"]), user: nil,
                group: 50),
            Access.Grant(
                AccessRule(name: "ops", user: "ops", verbs: ["*"], workers: ["*"]), user: 1000, group: nil),
            Access.Grant(
                AccessRule(name: "ghost", user: "ghost", verbs: ["*"], workers: ["*"]), user: nil, group: nil),
        ])
    private let root = Peer(user: 0, groups: [0], pid: 1)
    private let deployer = Peer(user: 1001, groups: [100, 50], pid: 2)
    private let stranger = Peer(user: 1002, groups: [100], pid: 3)

    @Test func `root and the daemon's user may do everything`() {
        for method in Command.Method.allCases {
            #expect(access.refusal(root, method, workers: []) == nil)
            #expect(access.refusal(Peer(user: 900, groups: [], pid: 4), method, workers: ["db"]) == nil)
        }
    }

    @Test func `a supplementary group gives its verbs for its workers`() {
        #expect(access.permits(deployer, .restart, worker: "web"))
        #expect(access.permits(deployer, .restart, worker: "webhook"))
        #expect(!access.permits(deployer, .restart, worker: "db"))
        #expect(!access.permits(deployer, .stop, worker: "web"))
    }

    @Test func `one worker that is not permitted refuses the whole request and is named`() {
        let refusal = access.refusal(deployer, .restart, workers: ["web", "db"])
        #expect(refusal?.knownCode == .notPermitted)
        #expect(refusal?.message.contains("\"db\"") == true)
        #expect(refusal?.message.contains("user 1001") == true)
    }

    @Test func `what concerns the whole daemon needs a rule for all workers`() {
        #expect(access.refusal(deployer, .status, workers: []) != nil)
        #expect(access.refusal(Peer(user: 1000, groups: [], pid: 5), .shutdown, workers: []) == nil)
    }

    @Test func `a rule whose user does not exist matches nobody`() {
        #expect(!access.permits(stranger, .status, worker: "web"))
    }

    @Test func `anybody who can connect may ask for the version`() {
        #expect(access.refusal(stranger, .version, workers: []) == nil)
    }

    @Test func `subscribing is called events`() {
        #expect(Access.verb(of: .subscribe) == "events")
    }
}
