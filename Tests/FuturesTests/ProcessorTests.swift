import Linux
import Testing

@Suite struct ProcessorTests {
    @Test func `a quota counts in whole processors, rounded up, and none where there is none`() {
        let found = ["max 100000\n", "150000 100000\n", "200000 100000\n", "5000 100000\n", "", "x y", "1 0"]
            .map(ProcessorQuota.processors)
        #expect(found == [nil, 2, 2, 1, nil, nil, nil])
        #expect(ProcessorQuota.processors >= 1)
    }
}
