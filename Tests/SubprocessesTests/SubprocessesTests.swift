import Testing

import Subprocesses
@Suite(.serialized) struct Smoke {
    @Test func `it works`() throws {
        var request = SpawnRequest(["sh", "-c", "exit 3"])
        let p = try spawn(request)
        #expect(try p.wait() == .exited(code: 3))
        request.executable = "/no/such"
        do { _ = try spawn(request) } catch { print(error) }
    }
}
