/// Those who want to hear of something, in the order in which they asked.
struct Observers<News> {
    private var observers: [(id: Int, observe: (News) -> Void)] = []
    private var nextID = 0

    var isEmpty: Bool { observers.isEmpty }

    mutating func add(_ observe: @escaping (News) -> Void) -> Int {
        nextID += 1
        observers.append((nextID, observe))
        return nextID
    }

    mutating func remove(_ id: Int) { observers.removeAll { $0.id == id } }

    /// Tells everyone who is registered now; who is added meanwhile hears of the next news.
    func tell(_ news: News) {
        for observer in observers { observer.observe(news) }
    }
}
