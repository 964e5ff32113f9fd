/// A binary heap whose elements can be taken out from anywhere: the least key first, each element once.
///
/// - Complexity: `insert`, `remove` and `popFirst` are O(log n), `first` and `contains` O(1).
struct IndexedHeap<Element: Hashable & Sendable, Key: Comparable & Sendable>: Sendable {
    private struct Node: Sendable {
        let key: Key
        let element: Element
    }

    private var nodes: [Node] = []
    private var positions: [Element: Int] = [:]

    var count: Int { nodes.count }
    var isEmpty: Bool { nodes.isEmpty }
    var first: Element? { nodes.first?.element }
    /// In no order that means anything.
    var elements: [Element] { nodes.map(\.element) }

    func contains(_ element: Element) -> Bool { positions[element] != nil }

    mutating func insert(_ element: Element, key: Key) {
        precondition(positions[element] == nil, "it is in the heap already")
        nodes.append(Node(key: key, element: element))
        positions[element] = nodes.count - 1
        rise(from: nodes.count - 1)
    }

    mutating func popFirst() -> Element? {
        guard let first = nodes.first?.element else { return nil }
        remove(first)
        return first
    }

    /// Returns whether it was there.
    @discardableResult
    mutating func remove(_ element: Element) -> Bool {
        guard let position = positions.removeValue(forKey: element) else { return false }
        let last = nodes.removeLast()
        guard position < nodes.count else { return true }
        nodes[position] = last
        positions[last.element] = position
        rise(from: position)
        sink(from: position)
        return true
    }

    private mutating func rise(from start: Int) {
        var here = start
        while here > 0, nodes[here].key < nodes[(here - 1) / 2].key {
            exchange(here, (here - 1) / 2)
            here = (here - 1) / 2
        }
    }

    private mutating func sink(from start: Int) {
        var here = start
        while true {
            var least = here
            for child in [2 * here + 1, 2 * here + 2] where child < nodes.count && nodes[child].key < nodes[least].key {
                least = child
            }
            guard least != here else { return }
            exchange(here, least)
            here = least
        }
    }

    private mutating func exchange(_ one: Int, _ other: Int) {
        nodes.swapAt(one, other)
        positions[nodes[one].element] = one
        positions[nodes[other].element] = other
    }

    /// For checks: every parent before its children, every position right.
    var isSound: Bool {
        positions.count == nodes.count
            && nodes.indices.allSatisfy { here in
                positions[nodes[here].element] == here && (here == 0 || !(nodes[here].key < nodes[(here - 1) / 2].key))
            }
    }
}
