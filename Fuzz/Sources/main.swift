import Glibc

// roost-fuzz TARGET [OPTION OF LIBFUZZER | CORPUS]…
// `scripts/fuzz` builds and runs it.

let targets: [String: @convention(c) (UnsafePointer<UInt8>, Int) -> Int32] = [
    "configuration": { fuzzConfiguration(Array(UnsafeBufferPointer(start: $0, count: $1))) },
    "frames": { fuzzFrames(Array(UnsafeBufferPointer(start: $0, count: $1))) },
    "notify": { fuzzNotify(Array(UnsafeBufferPointer(start: $0, count: $1))) },
    "schedule": { fuzzSchedule(Array(UnsafeBufferPointer(start: $0, count: $1))) },
    "zone": { fuzzZone(Array(UnsafeBufferPointer(start: $0, count: $1))) },
    "core": { fuzzCore(Array(UnsafeBufferPointer(start: $0, count: $1))) },
]

/// libFuzzer's own loop, without its `main`.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ target: @convention(c) (UnsafePointer<UInt8>, Int) -> Int32
) -> Int32

guard CommandLine.argc >= 2, let target = targets[CommandLine.arguments[1]] else {
    print("usage: roost-fuzz \(targets.keys.sorted().joined(separator: "|")) [libFuzzer's options] [CORPUS]…")
    exit(2)
}
// libFuzzer keeps the program's name and never sees that of the target.
var arguments = CommandLine.unsafeArgv + 1
arguments[0] = CommandLine.unsafeArgv[0]
var count = CommandLine.argc - 1
exit(runFuzzer(&count, &arguments, target))
