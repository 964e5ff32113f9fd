import Foundation
import SupervisorSimulation
import Testing

/// Replay one life with `SIM_FROM=17 SIM_SEEDS=1 swift test --filter SimulationTests`, or, with all that happened in
/// it, `swift run roost-simulate --show 17`. `ROOST_SIM_VERBOSE=1` names each seed, for when a life crashes.
@Suite struct SimulationTests {
    private static func setting(_ name: String, _ standard: UInt64) -> UInt64 {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init) ?? standard
    }

    /// The seeds, in as many parts as there may be processors.
    private static let parts: [Range<UInt64>] = {
        let first = setting("SIM_FROM", 1)
        let count = setting("SIM_SEEDS", 400)
        let size = max(1, count / 4)
        return stride(from: first, to: first + count, by: Int(size)).map { $0..<min($0 + size, first + count) }
    }()

    @Test(arguments: parts)
    func `no life of a supervisor breaks an invariant`(seeds: Range<UInt64>) {
        let isVerbose = Self.setting("ROOST_SIM_VERBOSE", 0) == 1
        let violation = Simulation.firstViolation(seeds: seeds) { seed in
            if isVerbose { FileHandle.standardError.write(Data("seed \(seed)\n".utf8)) }
        }
        #expect(violation == nil)
    }

    @Test func `the same seeds go the same way, byte for byte, and others go another`() {
        let digest = Simulation.live(seeds: 1..<20).digest
        #expect(Simulation.live(seeds: 1..<20).digest == digest)
        #expect(Simulation.live(seeds: 2..<21).digest != digest)
    }
}
