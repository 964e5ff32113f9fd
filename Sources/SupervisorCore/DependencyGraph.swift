/// Who needs whom: the `requires` and `after` of workers and the order within groups, as indices in plan order.
///
/// An edge means "starts after it, stops before it". Names that are in no entry are left out.
package struct DependencyGraph: Equatable, Sendable {
    /// For each worker, those that must be up before it starts, of its own `requires` only.
    package private(set) var requirements: [[Int]]
    /// For each worker, those that it starts after: `requires`, `after`, and the member before it in its groups.
    package private(set) var predecessors: [[Int]]
    /// The reverse of `requirements`.
    package private(set) var requirers: [[Int]]
    /// The reverse of `predecessors`.
    package private(set) var successors: [[Int]]
    /// Every worker after all of its predecessors; ties in plan order. Workers on a cycle are missing.
    package private(set) var startOrder: [Int]

    /// Complexity: O(workers + edges).
    package init(workers: [WorkerDefinition], groups: [GroupDefinition]) {
        var index: [String: Int] = [:]
        for (position, worker) in workers.enumerated() { index[worker.name] = position }
        requirements = workers.map { worker in Self.unique(worker.requires.compactMap { index[$0] }) }
        var before = workers.map { worker in (worker.requires + worker.after).compactMap { index[$0] } }
        for group in groups {
            let members = group.members.compactMap { index[$0] }
            for (earlier, later) in zip(members, members.dropFirst()) { before[later].append(earlier) }
        }
        predecessors = before.map(Self.unique)
        requirers = Self.reversed(requirements)
        successors = Self.reversed(predecessors)
        startOrder = Self.sorted(predecessors: predecessors, successors: successors)
    }

    /// A cycle, as indices in which each starts after the next and the last after the first; nil when there is none.
    package func cycle() -> [Int]? {
        guard startOrder.count < predecessors.count else { return nil }
        var onCycle = [Bool](repeating: true, count: predecessors.count)
        for settled in startOrder { onCycle[settled] = false }
        // Whatever is unsettled has an unsettled predecessor, so walking back must meet itself.
        guard var here = onCycle.firstIndex(of: true) else { return nil }
        var path: [Int] = []
        var position = [Int?](repeating: nil, count: predecessors.count)
        while position[here] == nil {
            position[here] = path.count
            path.append(here)
            guard let next = predecessors[here].first(where: { onCycle[$0] }) else { return nil }
            here = next
        }
        return position[here].map { Array(path[$0...]) }
    }

    private static func unique(_ indices: [Int]) -> [Int] {
        var seen: Set<Int> = []
        return indices.filter { seen.insert($0).inserted }
    }

    private static func reversed(_ edges: [[Int]]) -> [[Int]] {
        var reverse = [[Int]](repeating: [], count: edges.count)
        for (from, targets) in edges.enumerated() {
            for target in targets { reverse[target].append(from) }
        }
        return reverse
    }

    private static func sorted(predecessors: [[Int]], successors: [[Int]]) -> [Int] {
        var missing = predecessors.map(\.count)
        var order = missing.indices.filter { missing[$0] == 0 }
        var next = 0
        while next < order.count {
            for successor in successors[order[next]] {
                missing[successor] -= 1
                if missing[successor] == 0 { order.append(successor) }
            }
            next += 1
        }
        return order
    }
}
