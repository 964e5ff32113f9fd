import Glibc
package import Multiprocessing

extension Tasks {
    package static let queues: [any RemoteCallable] = [
        putOne, putNumbered, putForever, sumNumbers, getForever, work, workAndHold,
    ]

    /// Puts one element of this size and ends.
    package static let putOne = RemoteFunction("putOne") { (using: Using<ProcessQueue<[UInt8]>>) in
        try using.shared.put([UInt8](repeating: 5, count: using.count))
    }

    /// Puts the numbers from 0 on.
    package static let putNumbered = RemoteFunction("putNumbered") { (using: Using<ProcessQueue<Int>>) in
        for number in 0..<using.count { try using.shared.put(number) }
    }

    /// Puts elements whose bytes are all the same, of up to this size, until it is killed.
    package static let putForever = RemoteFunction("putForever") { (using: Using<ProcessQueue<[UInt8]>>) in
        try using.ready?.send(getpid())
        var number = 1
        while true {
            let size = number * 7919 % using.count + 1
            try using.shared.put([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size))
            number += 1
        }
    }

    /// The sum of so many numbers.
    package static let sumNumbers = RemoteFunction("sumNumbers") { (using: Using<ProcessQueue<Int>>) -> Int in
        var sum = 0
        for _ in 0..<using.count { sum += try using.shared.get() }
        return sum
    }

    /// Gets elements until it is killed.
    package static let getForever = RemoteFunction("getForever") { (using: Using<ProcessQueue<[UInt8]>>) in
        try using.ready?.send(getpid())
        while true { _ = try using.shared.get() }
    }

    /// Gets items and reports them as done until the queue is closed.
    package static let work = RemoteFunction("work") { (using: Using<JoinableQueue<Int>>) -> Int in
        var done = 0
        do {
            while true { try using.shared.withItem { _ in done += 1 } }
        } catch ProcessGetError.closed {
            return done
        }
    }

    /// Gets so many items, reports none, and waits to be killed.
    package static let workAndHold = RemoteFunction("workAndHold") { (using: Using<JoinableQueue<Int>>) in
        for _ in 0..<using.count { _ = try using.shared.get() }
        try using.ready?.send(getpid())
        while true { pause() }
    }
}
