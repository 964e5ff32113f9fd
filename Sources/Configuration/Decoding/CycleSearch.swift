/// Which worker has to be up before which, for finding circles.
struct CycleSearch {
    struct Cycle {
        /// Starts and ends with the same worker.
        var names: [String]
        /// What makes the links, without repetition: "requires", "after", "group site".
        var reasons: [String]
        /// Of the link that closes it.
        var place: Place
    }

    private struct Link {
        var target: Int
        var place: Place
        var reason: String
    }

    private let names: [String]
    private let indices: [String: Int]
    private var links: [[Link]]

    init(names: [String]) {
        self.names = names
        self.indices = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        self.links = Array(repeating: [], count: names.count)
    }

    /// Ignores names that are not in the graph; they have a problem of their own.
    mutating func add(from: String, to: String, place: Place, reason: String) {
        guard let source = indices[from], let target = indices[to] else { return }
        links[source].append(Link(target: target, place: place, reason: reason))
    }

    private enum Mark { case new, onPath, done }

    /// Follows every link once, depth first and without recursion; a link to where the path came through closes a
    /// cycle. O(workers + links).
    func cycles(limit: Int) -> [Cycle] {
        var cycles: [Cycle] = []
        var marks = Array(repeating: Mark.new, count: names.count)
        for start in names.indices where marks[start] == .new {
            // Each step of the path, with the next of its links to follow.
            var path = [(node: start, next: 0)]
            marks[start] = .onPath
            while let (node, next) = path.last {
                guard next < links[node].count else {
                    marks[node] = .done
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let target = links[node][next].target
                switch marks[target] {
                case .new:
                    marks[target] = .onPath
                    path.append((target, 0))
                case .onPath:
                    if cycles.count < limit { cycles.append(cycle(along: path, backTo: target)) }
                case .done: break
                }
            }
        }
        return cycles
    }

    /// - Parameter path: its last step has just followed the link that leads back to `target`.
    private func cycle(along path: [(node: Int, next: Int)], backTo target: Int) -> Cycle {
        let steps = path.drop { $0.node != target }
        let taken = steps.map { links[$0.node][$0.next - 1] }
        var reasons: [String] = []
        for link in taken where !reasons.contains(link.reason) { reasons.append(link.reason) }
        return Cycle(
            names: steps.map { names[$0.node] } + [names[target]], reasons: reasons,
            place: taken[taken.count - 1].place)
    }
}
