import Multiprocessing

// How long calls to objects of a manager take: `ManagerRate KIND CLIENTS COUNT`, as programs/managers.py.

struct Job: Codable {
    let kind: String
    let numbers: RemoteDictionary<String, Int>
    let queue: RemoteQueue<Int>
    let barrier: RemoteBarrier
    let count: Int
    let key: String
}

let use = RemoteFunction("use") { (job: Job) in
    try job.barrier.wait()
    if job.kind == "dictionary" {
        for number in 0..<job.count {
            try job.numbers.set(job.key, to: number)
            _ = try job.numbers[job.key]
        }
    } else {
        for number in 0..<job.count {
            try job.queue.put(number)
            _ = try job.queue.get()
        }
    }
    try job.barrier.wait()
}

try Worker.begin([use])
let arguments = CommandLine.arguments
guard arguments.count == 4, let clients = Int(arguments[2]), let count = Int(arguments[3]) else {
    fatalError("usage: ManagerRate KIND CLIENTS COUNT")
}
try withManager { manager in
    let numbers = try manager.dictionary(of: String.self, Int.self)
    let queue = try manager.queue(of: Int.self)
    let barrier = try manager.barrier(parties: clients + 1)
    let workers = try (0..<clients).map { number in
        let job = Job(
            kind: arguments[1], numbers: numbers, queue: queue, barrier: barrier, count: count, key: "key \(number)")
        return try Process(use, job)
    }
    try barrier.wait()
    let clock = ContinuousClock()
    let began = clock.now
    try barrier.wait()
    let time = clock.now - began
    print(time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000)
    for worker in workers { try worker.join() }
}
