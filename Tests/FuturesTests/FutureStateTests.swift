import Futures
import Testing

@Suite struct FutureStateTests {
    @Test func `a state is equal to itself alone`() { #expect(FutureState.pending != .running) }
}
