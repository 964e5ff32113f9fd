/// Keys and values in the order in which the keys came, as in Python. A key is known by what it is encoded to.
struct EntryTable {
    struct Entry {
        let key: StoredValue
        var value: StoredValue
    }

    /// In order; nil where one was removed.
    private var entries: [Entry?] = []
    private var places: [[UInt8]: Int] = [:]
    /// Changes with every key that comes or goes, but not with a new value of a key.
    private(set) var shape: Int64

    /// An empty one, which no reader takes for the one that it replaces.
    init(after other: EntryTable? = nil) { shape = (other?.shape ?? -1) + 1 }

    var count: Int { places.count }

    subscript(key: [UInt8]) -> StoredValue? { places[key].flatMap { entries[$0]?.value } }

    func contains(_ key: [UInt8]) -> Bool { places[key] != nil }

    var all: [Entry] { entries.compactMap { $0 } }

    /// Puts a value under a key.
    ///
    /// - Returns: the entry whose value it takes the place of.
    mutating func set(_ value: StoredValue, for key: StoredValue) -> Entry? {
        if let place = places[key.bytes] {
            let old = entries[place]
            entries[place]?.value = value
            return old
        }
        places[key.bytes] = entries.count
        entries.append(Entry(key: key, value: value))
        shape += 1
        return nil
    }

    mutating func remove(_ key: [UInt8]) -> Entry? {
        guard let place = places.removeValue(forKey: key) else { return nil }
        shape += 1
        let old = entries[place]
        entries[place] = nil
        tidy()
        return old
    }

    /// The entry that came last.
    mutating func removeLast() -> Entry? {
        while let last = entries.popLast() {
            guard let last else { continue }
            places[last.key.bytes] = nil
            shape += 1
            return last
        }
        return nil
    }

    /// Up to `count` entries from a position on, and the next position; nil at the end.
    func page(from position: Int, _ count: Int) -> (entries: [Entry], next: Int?) {
        var found: [Entry] = []
        var place = max(0, position)
        while place < entries.count, found.count < count {
            if let entry = entries[place] { found.append(entry) }
            place += 1
        }
        return (found, place < entries.count ? place : nil)
    }

    private mutating func tidy() {
        guard entries.count > 32, entries.count > 2 * count else { return }
        entries = entries.filter { $0 != nil }
        for (place, entry) in entries.enumerated() {
            if let entry { places[entry.key.bytes] = place }
        }
    }
}
