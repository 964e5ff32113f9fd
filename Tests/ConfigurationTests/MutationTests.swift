import Configuration
import Foundation
import Scheduling
import Testing

/// Broken bytes of every kind, made from good configurations. Replay one with the seed that is printed.
@Suite struct MutationTests {
    static let samples: [[UInt8]] = ["roost.example.toml", "demo.toml"].compactMap { name in
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../config/\(name)")
        return (try? Data(contentsOf: root)).map { Array($0) }
    }

    @Test(arguments: 0..<20)
    func `no bytes crash the loader, and a plan comes with no error`(_ block: Int) throws {
        // Chunks of the samples, so that thousands of rounds stay quick while every key is met.
        try #require(MutationTests.samples.count == 2)
        let surroundings = Surroundings(
            mainDirectory: "/etc/roost", userExists: { _ in true }, groupExists: { _ in true },
            splitCommand: Surroundings.shellWords)
        for round in 0..<1000 {
            let seed = UInt64(block * 1000 + round)
            var random = SplitMix64(seed: seed)
            let text = MutationTests.mutated(&random)
            let loaded = Loader.load(text, surroundings: surroundings)
            let hasErrors = loaded.problems.contains { $0.severity == .error }
            guard (loaded.plan == nil) == hasErrors else {
                Issue.record("seed \(seed): a plan and errors, or neither\n\(String(decoding: text, as: UTF8.self))")
                return
            }
            for problem in loaded.problems where problem.message.isEmpty || problem.line == nil {
                Issue.record("seed \(seed): \(problem) says too little")
            }
        }
    }

    private static func mutated(_ random: inout SplitMix64) -> [UInt8] {
        let sample = samples[Int.random(in: 0..<samples.count, using: &random)]
        let lines = sample.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let start = Int.random(in: 0..<lines.count, using: &random)
        let count = Int.random(in: 1...25, using: &random)
        var bytes = Array(lines[start..<min(start + count, lines.count)].joined(separator: [UInt8(ascii: "\n")]))
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let index = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where index < bytes.count: bytes.remove(at: index)
            case 1 where index < bytes.count: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
            case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: index)
            case 3:
                bytes.insert(Array("\"'[]{}=.,#\n\\-0e_x{index}".utf8).randomElement(using: &random) ?? 0, at: index)
            case 4: bytes.removeSubrange(index..<min(index + 8, bytes.count))
            default:
                let end = min(index + 20, bytes.count)
                bytes.insert(contentsOf: bytes[index..<end], at: Int.random(in: 0...bytes.count, using: &random))
            }
        }
        return bytes
    }
}
