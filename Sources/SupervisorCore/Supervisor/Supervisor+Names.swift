/// Names that people type, resolved to instances.
extension Supervisor {
    struct RefusedRequest: Error {
        let refusal: Reply.Refusal
    }

    /// The instances that these names mean, without repeats, in plan order.
    ///
    /// A name is a worker (`web`), an instance (`web:0`), all instances of a worker or all members of a group
    /// (`web:*`, `site:*`, `@site`, `site`), or `all`. Workers come before groups of the same name.
    func resolve(_ names: [String]) throws(RefusedRequest) -> [Place] {
        var places: Set<Place> = []
        for name in names { places.formUnion(try resolve(name)) }
        return places.sorted { ($0.entry, $0.slot) < ($1.entry, $1.slot) }
    }

    /// The same, for those who only look.
    package func instances(named names: [String]) -> Result<[InstanceID], NameProblem> {
        do throws(RefusedRequest) {
            return .success(try resolve(names).map { self[$0].machine.id })
        } catch {
            return .failure(NameProblem(refusal: error.refusal))
        }
    }

    package struct NameProblem: Error {
        package let refusal: Reply.Refusal
    }

    private func resolve(_ name: String) throws(RefusedRequest) -> [Place] {
        if name == "all" || name == "*" { return entries.indices.flatMap(places(inEntry:)) }
        if name.hasPrefix("@") {
            guard let group = group(named: String(name.dropFirst())) else { throw unknown(name) }
            return members(of: group)
        }
        if let entry = entryIndex[name] { return places(inEntry: entry) }
        if let group = group(named: name) { return members(of: group) }
        guard let colon = name.lastIndex(of: ":") else { throw unknown(name) }
        let head = String(name[..<colon])
        let tail = name[name.index(after: colon)...]
        if tail == "*" {
            if let entry = entryIndex[head] { return places(inEntry: entry) }
            if let group = group(named: head) { return members(of: group) }
        } else if let index = Int(tail), let place = place(of: InstanceID(worker: head, index: index)) {
            return [place]
        } else if let group = group(named: head), group.definition.members.contains(String(tail)),
            let entry = entryIndex[String(tail)]
        {
            return places(inEntry: entry)
        }
        throw unknown(name)
    }

    private func places(inEntry entry: Int) -> [Place] {
        entries[entry].slots.indices.map { Place(entry: entry, slot: $0) }
    }

    private func members(of group: Group) -> [Place] {
        group.definition.members.compactMap { entryIndex[$0] }.flatMap(places(inEntry:))
    }

    private func group(named name: String) -> Group? { groups.first { $0.definition.name == name } }

    func unknown(_ name: String) -> RefusedRequest {
        if tasks.queueIndex[name] != nil { return RefusedRequest(refusal: .isQueue(name)) }
        var known: [String] = []
        for entry in entries { known += [entry.definition.name] + entry.slots.map { "\($0.machine.id)" } }
        known += groups.flatMap { [$0.definition.name, "@\($0.definition.name)"] }
        known += tasks.queues.map(\.name)
        return RefusedRequest(refusal: .unknownName(name, nearest: nearest(to: name, among: known)))
    }
}

/// The candidate that differs from `name` by the fewest edits, if few enough for a slip of the hand.
///
/// Edits are insertions, deletions, changes and swaps of neighbours. Ties go to the first.
/// Complexity: O(candidates · length²); names longer than 64 bytes are not looked at.
package func nearest(to name: String, among candidates: [String]) -> String? {
    guard name.utf8.count <= 64 else { return nil }
    let target = Array(name.utf8)
    let allowed = max(1, target.count / 3)
    var best: (candidate: String, distance: Int)?
    for candidate in candidates where abs(candidate.utf8.count - target.count) <= allowed {
        let distance = editDistance(target, Array(candidate.utf8))
        if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.candidate
}

/// Optimal string alignment distance.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var twoAbove: [Int] = []
    var above = Array(0...right.count)
    for (row, a) in left.enumerated() {
        var current = [row + 1]
        for (column, b) in right.enumerated() {
            var cost = min(current[column] + 1, above[column + 1] + 1, above[column] + (a == b ? 0 : 1))
            if row > 0, column > 0, a == right[column - 1], left[row - 1] == b {
                cost = min(cost, twoAbove[column - 1] + 1)
            }
            current.append(cost)
        }
        twoAbove = above
        above = current
    }
    return above[right.count]
}
