import Scheduling
import SupervisorCore
import Testing

@Suite struct GroupTests {
    private func outside(
        _ strategy: GroupDefinition.Strategy, intensity: GroupDefinition.Intensity? = nil
    ) -> Outside {
        let group = GroupDefinition(
            name: "site", members: ["db", "web", "proxy"], strategy: strategy, intensity: intensity)
        var outside = Outside(worker("db"), worker("web"), worker("proxy"), groups: [group])
        outside.spawnAll()
        _ = outside.look()
        return outside
    }

    @Test func `one_for_one restarts the failed member alone`() {
        var outside = outside(.oneForOne)
        outside.exit("web")
        #expect(outside.look() == ["release web:0#1", "spawn web:0#2"])
    }

    @Test func `one_for_all stops all others in reverse order and starts all in order`() {
        var outside = outside(.oneForAll)
        outside.exit("web")
        outside.exit("proxy", .exited(code: 0))
        outside.exit("db", .exited(code: 0))
        outside.spawnAll()
        #expect(
            outside.look() == [
                "release web:0#1", "TERM proxy:0#1 tree", "release proxy:0#1", "TERM db:0#1 tree", "release db:0#1",
                "spawn db:0#2", "spawn web:0#2", "spawn proxy:0#2",
            ])
    }

    @Test func `rest_for_one takes along those after the failed member`() {
        var outside = outside(.restForOne)
        outside.exit("web")
        outside.exit("proxy", .exited(code: 0))
        outside.spawnAll()
        #expect(
            outside.look() == [
                "release web:0#1", "TERM proxy:0#1 tree", "release proxy:0#1", "spawn web:0#2", "spawn proxy:0#2",
            ])
        #expect(outside.run("db").number == 1)
    }

    @Test func `too many restarts within the period, and the whole group gives up`() {
        var outside = outside(.oneForOne, intensity: GroupDefinition.Intensity(restarts: 1, within: .seconds(60)))
        outside.exit("web")
        outside.spawnAll()
        outside.exit("db")
        #expect(outside.state("db") == .fatal)
        #expect(outside.report("db").reason == "group site gave up: more than 1 restarts within 1m")
        outside.exit("proxy", .exited(code: 0))
        outside.exit("web", .exited(code: 0))
        #expect(["db", "web", "proxy"].map(outside.state) == [.fatal, .fatal, .fatal])
        outside.start("@site")
        outside.spawnAll()
        #expect(["db", "web", "proxy"].map(outside.state) == [.running, .running, .running])
    }

    @Test func `restarts that are far enough apart do not count together`() {
        var outside = outside(.oneForOne, intensity: GroupDefinition.Intensity(restarts: 1, within: .seconds(60)))
        for _ in 0..<5 {
            outside.exit("web")
            outside.spawnAll()
            outside.pass(.seconds(61))
        }
        #expect(outside.state("web") == .running)
    }
}
