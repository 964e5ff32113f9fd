import Multiprocessing

/// Objects that several processes share, in a server of their own.
enum SharedObjects {
    static let count = RemoteFunction("count") { (words: RemoteDictionary<String, Int>) in
        for word in ["roost", "perch", "roost"] { try words.add(1, to: word, initial: 0) }
    }

    static func show() throws {
        try withManager { manager in
            let words = try manager.dictionary(of: String.self, Int.self)
            let workers = try (1...3).map { _ in try Process(count, words) }
            for worker in workers { try worker.join() }
            for (word, times) in try words.items() { print(word, times) }

            let total = try manager.value(0.5)
            try total.update { $0 *= 3 }
            print(try total.get())
        }
    }
}
