// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "roost", path: ".."),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        .executableTarget(
            name: "SpawnRate",
            dependencies: [.product(name: "Subprocesses", package: "roost")],
            swiftSettings: strict),
        .executableTarget(
            name: "TimerRate",
            dependencies: [
                .product(name: "Scheduling", package: "roost"), .product(name: "Threading", package: "roost"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict),
    ])
