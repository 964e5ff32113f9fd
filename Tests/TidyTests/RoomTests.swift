import Testing

/// Which room may use what. The map is in docs/ARCHITECTURE.md.
@Suite struct RoomTests {
    private static let pure = ["SupervisorCore", "Scheduling", "SupervisorSimulation"]
    private static let toolkit = [
        "Threading", "Queues", "Scheduling", "Subprocesses", "Futures", "Multiprocessing",
    ]
    /// The toolkit's face for Swift concurrency, which the daemon never links.
    private static let asyncAdapters = ["QueuesAsync", "SubprocessesAsync", "FuturesAsync"]
    private static let withCLinux = ["Linux", "Subprocesses", "Multiprocessing"]
    /// The only rooms that code JSON. FoundationEssentials costs memory, and all of Foundation far more.
    private static let withJSON = ["ControlProtocol", "CommandLine"]

    @Test func `the pure rooms import nothing that has a clock, a descriptor or a thread`() {
        let allowed: Set = ["Scheduling", "SupervisorCore", "DequeModule"]
        for room in Self.pure {
            expectNone(imports(in: "Sources/\(room)") { !allowed.contains($0) })
        }
    }

    @Test func `the toolkit imports nothing of the daemon`() {
        let system: Set = ["CLinux", "Linux", "Glibc", "Synchronization"]
        let libraries = Set(Self.toolkit).union(system).union(["DequeModule", "HeapModule", "Crypto"])
        expectNone(imports(in: "Sources/Linux") { !system.contains($0) })
        for room in Self.toolkit + Self.asyncAdapters {
            expectNone(imports(in: "Sources/\(room)") { !libraries.contains($0) })
        }
    }

    @Test func `only Linux, Subprocesses and Multiprocessing import CLinux`() {
        let allowed = Self.withCLinux.flatMap { ["Sources/\($0)/", "Tests/\($0)Tests/"] }
        let elsewhere = SourceTree.files(endingIn: ".swift").filter { file in
            !allowed.contains { file.path.hasPrefix($0) }
        }
        expectNone(imports(in: elsewhere) { $0 == "CLinux" })
    }

    @Test func `only the store imports SQLite`() {
        let elsewhere = SourceTree.swift(in: "Sources").filter { !$0.path.hasPrefix("Sources/Store/") }
        expectNone(imports(in: elsewhere) { $0 == "CSQLite" })
    }

    @Test func `no source imports all of Foundation, or Dispatch`() {
        expectNone(imports(in: "Sources") { ["Foundation", "Dispatch", "XCTest", "Testing"].contains($0) })
    }

    @Test func `only the rooms that code JSON import FoundationEssentials`() {
        let elsewhere = SourceTree.swift(in: "Sources").filter { file in
            !Self.withJSON.contains { file.path.hasPrefix("Sources/\($0)/") }
        }
        expectNone(imports(in: elsewhere) { $0 == "FoundationEssentials" })
    }

    @Test func `nothing imports the adapters for Swift concurrency`() {
        expectNone(imports(in: "Sources") { Self.asyncAdapters.contains($0) })
    }

    @Test func `no source but the adapters uses Swift concurrency`() {
        // The first use of it starts a pool of threads; see docs/decisions.
        let words = ["async", "await", "actor", "Task", "TaskGroup", "AsyncStream", "MainActor"]
        expectNone(
            SourceTree.swift(in: "Sources").filter { file in
                !Self.asyncAdapters.contains { file.path.hasPrefix("Sources/\($0)/") }
            }.flatMap { file in
                let view = file.code
                return words.flatMap { word in
                    view.lines(with: word).map { file.at($0, "`\(word)` is Swift concurrency") }
                }
            })
    }

    @Test func `only the toolkit is public`() {
        let daemon = SourceTree.swift(in: "Sources").filter { file in
            !(Self.toolkit + Self.asyncAdapters).contains { file.path.hasPrefix("Sources/\($0)/") }
        }
        expectNone(
            daemon.flatMap { file in
                file.code.lines(with: "public").map { file.at($0, "use `package`: this is no product") }
            })
    }

    private func imports(in folder: String, where isWrong: (String) -> Bool) -> [String] {
        imports(in: SourceTree.swift(in: folder), where: isWrong)
    }

    private func imports(in files: [SourceFile], where isWrong: (String) -> Bool) -> [String] {
        files.flatMap { file in
            file.code.lines(with: "import").compactMap { index in
                // `package import struct Linux.Pipe` → Linux
                let words = file.lines[index].split(separator: " ")
                guard let place = words.firstIndex(of: "import") else { return nil }
                let kinds: Set<Substring> = ["struct", "enum", "class", "func", "var", "let", "typealias", "protocol"]
                let named = words[(place + 1)...].first { !kinds.contains($0) } ?? ""
                let module = String(named.split(separator: ".").first ?? "")
                return isWrong(module) ? file.at(index, "may not import \(module)") : nil
            }
        }
    }
}

/// Fails once for each complaint, so that all are seen in one go.
func expectNone(_ complaints: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    for complaint in complaints { Issue.record("\(complaint)", sourceLocation: sourceLocation) }
}
