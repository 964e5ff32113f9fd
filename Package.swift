// swift-tools-version: 6.2

import PackageDescription

/// One set of rules for every target: Swift 6 mode, explicit imports, and no warning is let through.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

/// The rooms that touch raw memory must also say `unsafe` at each such place.
let strictMemory: [SwiftSetting] = strict + [.strictMemorySafety()]

let package = Package(
    name: "roost",
    products: [
        .executable(name: "roostd", targets: ["roostd"]),
        .executable(name: "roostctl", targets: ["roostctl"]),
        .library(name: "Threading", targets: ["Threading"]),
        .library(name: "Queues", targets: ["Queues"]),
        .library(name: "QueuesAsync", targets: ["QueuesAsync"]),
        .library(name: "Scheduling", targets: ["Scheduling"]),
        .library(name: "Subprocesses", targets: ["Subprocesses"]),
        .library(name: "SubprocessesAsync", targets: ["SubprocessesAsync"]),
        .library(name: "Futures", targets: ["Futures"]),
        .library(name: "FuturesAsync", targets: ["FuturesAsync"]),
        .library(name: "Multiprocessing", targets: ["Multiprocessing"]),
    ],
    traits: [
        .trait(name: "Systemd", description: "Talk to systemd through libsystemd."),
        .default(enabledTraits: ["Systemd"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        // System: the kernel and C libraries, as Swift sees them.
        .target(name: "CLinux"),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .target(name: "Linux", dependencies: ["CLinux"], swiftSettings: strictMemory),

        // Toolkit: products in their own right.
        .target(name: "Scheduling", swiftSettings: strictMemory),
        .target(name: "Threading", dependencies: ["Linux", "Scheduling"], swiftSettings: strictMemory),
        .target(name: "Queues", dependencies: ["Threading", "Linux", "Scheduling"], swiftSettings: strictMemory),
        .target(
            name: "Subprocesses", dependencies: ["Linux", "CLinux", "Threading", "Scheduling"],
            swiftSettings: strictMemory),
        .target(
            name: "Futures", dependencies: ["Threading", "Queues", "Linux", "Scheduling"], swiftSettings: strictMemory),
        .target(
            name: "Multiprocessing",
            dependencies: [
                "Futures", "Subprocesses", "Threading", "Queues", "Linux", "CLinux",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strictMemory),

        // The same for Swift concurrency. The daemon never links these: the first use of it starts a pool of threads.
        .target(name: "QueuesAsync", dependencies: ["Queues", "Threading"], swiftSettings: strict),
        .target(
            name: "SubprocessesAsync", dependencies: ["Subprocesses", "Threading", "Linux"], swiftSettings: strict),

        .target(name: "FuturesAsync", dependencies: ["Futures", "Threading"], swiftSettings: strict),

        // One program a library that shows it at work.
        .executableTarget(
            name: "example-threading", dependencies: ["Threading"], path: "Examples/Threading", swiftSettings: strict),
        .executableTarget(
            name: "example-queues", dependencies: ["Queues", "Threading"], path: "Examples/Queues",
            swiftSettings: strict),
        .executableTarget(
            name: "example-scheduling", dependencies: ["Scheduling", "Threading"], path: "Examples/Scheduling",
            swiftSettings: strict),
        .executableTarget(
            name: "example-subprocesses", dependencies: ["Subprocesses"], path: "Examples/Subprocesses",
            swiftSettings: strict),
        .executableTarget(
            name: "example-futures", dependencies: ["Futures", "Threading"], path: "Examples/Futures",
            swiftSettings: strict),
        .executableTarget(
            name: "example-multiprocessing", dependencies: ["Multiprocessing", "Futures"],
            path: "Examples/Multiprocessing", swiftSettings: strict),

        // Pure: no clock, no descriptor, no thread.
        .target(
            name: "SupervisorCore",
            dependencies: ["Scheduling", .product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: strict),

        // A simulated world around the core: faults, a virtual clock, invariants. Used by tests and `roost-simulate`.
        .target(
            name: "SupervisorSimulation", dependencies: ["SupervisorCore", "Scheduling"], swiftSettings: strict),
        .executableTarget(
            name: "roost-simulate", dependencies: ["SupervisorSimulation", "SupervisorCore", "Scheduling"],
            swiftSettings: strict),

        // Daemon.
        .target(name: "Reactor", dependencies: ["Linux", "Scheduling"], swiftSettings: strictMemory),
        .target(
            name: "Configuration", dependencies: ["SupervisorCore", "Scheduling", "Subprocesses", "Linux"],
            swiftSettings: strict),
        .target(name: "ControlProtocol", dependencies: ["SupervisorCore", "Scheduling"], swiftSettings: strict),
        .target(
            name: "Store", dependencies: ["SupervisorCore", "Scheduling", "Threading", "Linux", "CSQLite"],
            swiftSettings: strictMemory),
        .target(
            name: "Systemd",
            dependencies: ["Linux", .target(name: "CSystemd", condition: .when(traits: ["Systemd"]))],
            swiftSettings: strict),
        .target(
            name: "SupervisorRuntime",
            dependencies: [
                "Reactor", "Configuration", "ControlProtocol", "SupervisorCore", "Scheduling", "Subprocesses",
                "Linux", "Store", "Systemd", .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
        .target(
            name: "CommandLine",
            dependencies: [
                "ControlProtocol", "Configuration", "SupervisorCore", "Scheduling", "Threading", "Linux", "CEdit",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // Executables: a few lines each.
        .executableTarget(
            name: "roostd",
            dependencies: [
                "SupervisorRuntime", "ControlProtocol",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(name: "roostctl", dependencies: ["CommandLine"], swiftSettings: strict),

        // Tests.
        .testTarget(name: "TidyTests", exclude: ["Cases"], swiftSettings: strict),
        .testTarget(name: "LinuxTests", dependencies: ["Linux", "CLinux"], swiftSettings: strict),
        // What the tests of the toolkit share: leak checks, a watchdog, rounds.
        .target(
            name: "ToolkitTesting", dependencies: ["Linux", "Threading", "Subprocesses"],
            path: "Tests/ToolkitTesting", swiftSettings: strict),
        .executableTarget(
            name: "toolkit-endings", dependencies: ["Threading", "Subprocesses", "Futures"],
            path: "Tests/ToolkitEndings", swiftSettings: strict),
        // A timer wheel beside a sorted array, for the tests and for millions of steps.
        .target(
            name: "SchedulingModel", dependencies: ["Scheduling"], path: "Tests/SchedulingModel",
            swiftSettings: strict),
        .executableTarget(name: "roost-wheel-check", dependencies: ["SchedulingModel"], swiftSettings: strict),
        .testTarget(
            name: "SchedulingTests", dependencies: ["Scheduling", "SchedulingModel", "Threading", "ToolkitTesting"],
            resources: [.copy("Traces"), .copy("Vectors")], swiftSettings: strict),
        .testTarget(
            name: "ThreadingTests",
            dependencies: ["Threading", "Linux", "Scheduling", "ToolkitTesting", "toolkit-endings"],
            swiftSettings: strict),
        .testTarget(
            name: "QueuesTests", dependencies: ["Queues", "QueuesAsync", "Threading", "Scheduling", "ToolkitTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "SubprocessesTests",
            dependencies: [
                "Subprocesses", "SubprocessesAsync", "Linux", "CLinux", "Threading", "ToolkitTesting",
                "toolkit-endings",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FuturesTests",
            dependencies: ["Futures", "FuturesAsync", "Threading", "Linux", "ToolkitTesting", "toolkit-endings"],
            swiftSettings: strict),
        // What the tests of Multiprocessing run in other processes: the functions, and the program that runs them.
        .target(
            name: "MultiprocessingTasks",
            dependencies: ["Multiprocessing", "Futures", "Subprocesses", "Threading", "Linux"],
            path: "Tests/MultiprocessingTasks", swiftSettings: strict),
        .executableTarget(
            name: "multiprocessing-worker", dependencies: ["MultiprocessingTasks", "Multiprocessing"],
            path: "Tests/MultiprocessingWorker", swiftSettings: strict),
        .testTarget(
            name: "MultiprocessingTests",
            dependencies: [
                "Multiprocessing", "MultiprocessingTasks", "multiprocessing-worker", "Futures", "Subprocesses",
                "Threading", "Linux", "ToolkitTesting", .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        // Stores until it is killed.
        .executableTarget(
            name: "store-killed", dependencies: ["Store", "SupervisorCore", "Scheduling"], path: "Tests/StoreKilled",
            swiftSettings: strict),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "Store", "store-killed", "SupervisorCore", "Scheduling", "Subprocesses", "Threading", "Linux",
                "ToolkitTesting",
            ],
            swiftSettings: strict),
        .testTarget(name: "ReactorTests", dependencies: ["Reactor", "Linux", "Scheduling"], swiftSettings: strict),
        .testTarget(
            name: "SupervisorCoreTests", dependencies: ["SupervisorCore", "Scheduling"], swiftSettings: strict),
        .testTarget(name: "SimulationTests", dependencies: ["SupervisorSimulation"], swiftSettings: strict),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["Configuration", "SupervisorCore", "Scheduling"],
            exclude: ["Broken", "Oracle"], swiftSettings: strict),
        .testTarget(
            name: "ControlProtocolTests", dependencies: ["ControlProtocol", "SupervisorCore", "Scheduling"],
            swiftSettings: strict),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "CommandLine", "ControlProtocol", "SupervisorCore", "Scheduling", "Linux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "SupervisorRuntimeTests",
            dependencies: [
                "SupervisorRuntime", "SupervisorCore", "Scheduling", "Reactor", "Linux", "Subprocesses",
                "ControlProtocol", "Systemd", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SystemTests",
            dependencies: ["roostd", "roostctl", "ControlProtocol", "SupervisorCore", "Linux", "Subprocesses"],
            exclude: ["Workers"],
            swiftSettings: strict),
    ],
    cLanguageStandard: .gnu17
)

// `scripts/fuzz` sets this: libFuzzer comes with the toolchain, but not with every build. See Fuzz/README.md.
if Context.environment["ROOST_FUZZ"] == "1" {
    package.targets.append(
        .executableTarget(
            name: "roost-fuzz",
            dependencies: ["Configuration", "ControlProtocol", "SupervisorRuntime", "SupervisorCore", "Scheduling"],
            path: "Fuzz/Sources", swiftSettings: strict))
}
