/// The one of `names` that `name` is most likely a slip of; nil when none is close.
///
/// Of equally close ones the first wins, so the order of `names` decides.
func nearestName(to name: String, among names: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().unicodeScalars)
    guard wanted.count <= 64 else { return nil }
    // One slip in a short word, two in a longer one: beyond that a guess misleads.
    let limit = wanted.count < 4 ? 1 : wanted.count < 8 ? 2 : 3
    var best: (name: String, distance: Int)?
    for candidate in names {
        let letters = Array(candidate.lowercased().unicodeScalars)
        // A word that was cut short or drawn out: "warn" for "warning".
        if min(letters.count, wanted.count) >= 4, letters.starts(with: wanted) || wanted.starts(with: letters) {
            return candidate
        }
        guard abs(letters.count - wanted.count) <= limit else { continue }
        let distance = editDistance(wanted, letters)
        if distance <= limit, distance < max(wanted.count, 2), distance < best?.distance ?? .max {
            best = (candidate, distance)
        }
    }
    return best?.name
}

/// Insertions, deletions, replacements and swaps of neighbours that make `right` of `left` (Damerau–Levenshtein, in
/// the variant that edits no part twice). O(left × right).
func editDistance<Element: Equatable>(_ left: [Element], _ right: [Element]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 0..<left.count {
        var current = [row + 1]
        current.reserveCapacity(right.count + 1)
        for column in 0..<right.count {
            let isSame = left[row] == right[column]
            var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (isSame ? 0 : 1))
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                cost = min(cost, beforeLast[column - 1] + 1)
            }
            current.append(cost)
        }
        beforeLast = last
        last = current
    }
    return last[right.count]
}
