import Glibc
package import Multiprocessing
import Threading

/// Something that is shared, and how often to use it.
package struct Using<Shared: Codable & Sendable>: Codable, Sendable {
    package let shared: Shared
    package let count: Int
    package let ready: Connection?
    package init(_ shared: Shared, _ count: Int = 1, ready: Connection? = nil) {
        self.shared = shared
        self.count = count
        self.ready = ready
    }
}

/// A lock and what it guards.
package struct Guarded: Codable, Sendable {
    package let lock: SharedLock
    package let number: SharedValue<Int>
    package init(lock: SharedLock, number: SharedValue<Int>) {
        self.lock = lock
        self.number = number
    }
}

/// Two numbers that are equal whenever the lock is free.
package struct Twins: Sendable, BitwiseCopyable, Equatable {
    package var left: Int
    package var right: Int
    package init(_ both: Int) { (left, right) = (both, both) }
}

extension Tasks {
    package static let shared: [any RemoteCallable] = [
        addGuarded, holdLock, holdRecursiveLock, releaseOthers, changeTwins, takePermits, waitOnCondition,
        churnCondition,
        setEvent, waitForEvent, passBarrier, waitAtBarrier, writeValues, fillArray, writeMemory, setItems, addAtomic,
        openMemory, makeMemory,
    ]

    /// Adds one at a time under a lock.
    package static let addGuarded = RemoteFunction("addGuarded") { (using: Using<Guarded>) in
        try using.ready?.send(getpid())
        for _ in 0..<using.count {
            using.shared.lock.withLock {
                let before = using.shared.number.value
                using.shared.number.value = before + 1
            }
        }
    }

    /// Takes the lock and waits to be killed.
    package static let holdLock = RemoteFunction("holdLock") { (using: Using<SharedLock>) in
        using.shared.acquire()
        try using.ready?.send(getpid())
        while true { pause() }
    }

    package static let holdRecursiveLock = RemoteFunction("holdRecursiveLock") { (using: Using<SharedRLock>) in
        for _ in 0..<using.count { using.shared.acquire() }
        try using.ready?.send(getpid())
        while true { pause() }
    }

    /// Whether it may release what its parent holds.
    package static let releaseOthers = RemoteFunction("releaseOthers") { (lock: SharedRLock) -> Bool in
        do {
            try lock.release()
            return true
        } catch {
            return false
        }
    }

    /// Changes both numbers under the lock, again and again, until it is killed.
    package static let changeTwins = RemoteFunction("changeTwins") { (using: Using<SharedValue<Twins>>) in
        try using.ready?.send(getpid())
        while true {
            using.shared.withLock(recover: { _ in }) { twins in
                if twins.left != twins.right { twins.right = twins.left }
                twins.left += 1
                twins.right += 1
            }
        }
    }

    /// Takes and gives permits until it is killed, and never keeps one while it waits.
    package static let takePermits = RemoteFunction("takePermits") { (using: Using<SharedSemaphore>) in
        try using.ready?.send(getpid())
        while true { _ = using.shared.acquire(timeout: .seconds(60)) }
    }

    package static let waitOnCondition = RemoteFunction("waitOnCondition") {
        (using: Using<SharedCondition<SharedLock>>) -> Bool in
        try using.shared.withLock { held in
            try using.ready?.send(getpid())
            return try held.wait(timeout: .seconds(60))
        }
    }

    /// Waits and notifies until it is killed.
    package static let churnCondition = RemoteFunction("churnCondition") {
        (using: Using<SharedCondition<SharedLock>>) in
        try using.ready?.send(getpid())
        while true {
            try using.shared.withLock { held in
                held.notify(2)
                _ = try held.wait(timeout: .milliseconds(1))
            }
        }
    }

    package static let setEvent = RemoteFunction("setEvent") { (event: SharedEvent) in event.set() }

    package static let waitForEvent = RemoteFunction("waitForEvent") { (using: Using<SharedEvent>) -> Bool in
        try using.ready?.send(getpid())
        return using.shared.wait(timeout: .seconds(60))
    }

    /// Passes a barrier so often, and says how often all others were in step.
    package static let passBarrier = RemoteFunction("passBarrier") {
        (using: Using<InStep>) -> Int in
        var inStep = 0
        for round in 0..<using.count {
            using.shared.arrived.add(1)
            try using.shared.barrier.wait(timeout: .seconds(60))
            let all = using.shared.arrived.load()
            if all >= (round + 1) * using.shared.barrier.parties, all < (round + 2) * using.shared.barrier.parties {
                inStep += 1
            }
        }
        return inStep
    }

    /// Waits at a barrier, and says why it did not pass.
    package static let waitAtBarrier = RemoteFunction("waitAtBarrier") { (using: Using<SharedBarrier>) -> String in
        try using.ready?.send(getpid())
        do {
            try using.shared.wait(timeout: .seconds(60))
            return "passed"
        } catch {
            return "\(error)"
        }
    }

    package static let writeValues = RemoteFunction("writeValues") { (values: Values) in
        values.int.value = -7
        values.double.value = 3.5
        values.short.value = -300
        values.long.value = 1 << 60
        values.character.value = UInt8(ascii: "z")
    }

    package static let fillArray = RemoteFunction("fillArray") { (array: SharedArray<Int32>) in
        array.withMutableSpan { span in for index in span.indices { span[index] = Int32(index * index) } }
    }

    package static let writeMemory = RemoteFunction("writeMemory") { (memory: SharedMemory) in
        try memory.withMutableBytes { $0.storeBytes(of: 0xCAFE, toByteOffset: 8, as: UInt32.self) }
    }

    package static let setItems = RemoteFunction("setItems") { (list: ShareableList) in
        try list.set(0, .string("日本"))
        try list.set(1, .double(2.5))
    }

    package static let addAtomic = RemoteFunction("addAtomic") { (using: Using<SharedAtomic<Int>>) in
        for _ in 0..<using.count { using.shared.add(1) }
    }

    /// Opens memory by name, reads its first byte, and lets go of it.
    package static let openMemory = RemoteFunction("openMemory") { (name: String) -> UInt8 in
        let memory = try SharedMemory.open(name: name)
        defer { memory.close() }
        return try memory.withBytes { $0.unsafeLoad(as: UInt8.self) }
    }

    /// Makes memory with a name, and waits for the end of its parent, or to be killed.
    package static let makeMemory = RemoteFunction("makeMemory") { (using: Using<String>) in
        let memory = try SharedMemory.create(name: using.shared, size: 4096)
        try memory.withMutableBytes { $0.storeBytes(of: 9, toByteOffset: 0, as: UInt8.self) }
        try using.ready?.send(getpid())
        if let ready = using.ready { _ = try? ready.receiveBytes() }
    }
}

/// A barrier, and how often anybody has come to it.
package struct InStep: Codable, Sendable {
    package let barrier: SharedBarrier
    package let arrived: SharedAtomic<Int>
    package init(barrier: SharedBarrier, arrived: SharedAtomic<Int>) {
        self.barrier = barrier
        self.arrived = arrived
    }
}

/// One value of each kind.
package struct Values: Codable, Sendable {
    package let int: SharedValue<Int32>
    package let double: SharedValue<Double>
    package let short: SharedValue<Int16>
    package let long: SharedValue<Int64>
    package let character: SharedValue<UInt8>
    package init() throws {
        (int, double, short) = (try SharedValue(0), try SharedValue(0), try SharedValue(0))
        (long, character) = (try SharedValue(0), try SharedValue(0))
    }
}
