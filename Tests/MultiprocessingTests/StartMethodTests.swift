import Multiprocessing
import Testing

@Suite struct StartMethodTests {
    @Test func `there are two ways to start`() { #expect(StartMethod.allCases.count == 2) }
}
