// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

let subprocesses: Target.Dependency = .product(name: "Subprocesses", package: "roost")
let scheduling: Target.Dependency = .product(name: "Scheduling", package: "roost")
let threading: Target.Dependency = .product(name: "Threading", package: "roost")

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "roost", path: ".."),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // A peer, to be measured and never to be linked by Roost.
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
    ],
    targets: [
        .executableTarget(name: "SpawnRate", dependencies: [subprocesses], swiftSettings: strict),
        .executableTarget(name: "RunRate", dependencies: [subprocesses], swiftSettings: strict),
        .executableTarget(name: "Lateness", dependencies: [subprocesses], swiftSettings: strict),
        .executableTarget(name: "RunRateFoundation", swiftSettings: strict),
        .executableTarget(
            name: "RunRateSwiftSubprocess",
            dependencies: [
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "QueueRate", dependencies: [.product(name: "Queues", package: "roost")], swiftSettings: strict),
        .executableTarget(
            name: "ProcessQueueRate", dependencies: [.product(name: "Multiprocessing", package: "roost")],
            swiftSettings: strict),
        .executableTarget(
            name: "PipeRate", dependencies: [.product(name: "Multiprocessing", package: "roost")],
            swiftSettings: strict),
        .executableTarget(
            name: "PoolRate",
            dependencies: [
                .product(name: "Multiprocessing", package: "roost"), .product(name: "Futures", package: "roost"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "ManagerRate", dependencies: [.product(name: "Multiprocessing", package: "roost")],
            swiftSettings: strict),
        .executableTarget(name: "LockRate", dependencies: [threading], swiftSettings: strict),
        .executableTarget(
            name: "FutureRate", dependencies: [.product(name: "Futures", package: "roost")], swiftSettings: strict),
        .executableTarget(name: "CalendarRate", dependencies: [scheduling, threading], swiftSettings: strict),
        .executableTarget(
            name: "TimerRate",
            dependencies: [scheduling, threading, .product(name: "HeapModule", package: "swift-collections")],
            swiftSettings: strict),
    ])
