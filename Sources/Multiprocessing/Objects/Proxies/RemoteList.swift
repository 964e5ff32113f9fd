/// A list in a server, for several processes: Python's `list` of a manager.
///
/// Each call is done in one step. Elements that come out are copies: changing one changes nothing in the list, until
/// it is set again, or within `update`. An element may be a proxy, or have proxies in it: then the list keeps the
/// objects.
public struct RemoteList<Element: Codable & Sendable>: Codable, Hashable, Sendable {
    let reference: ObjectReference

    // MARK: - Reading

    /// How many elements there are.
    public var count: Int {
        get throws(ObjectError) { try reference.ask(.count).number() }
    }

    /// Whether there are none.
    public var isEmpty: Bool {
        get throws(ObjectError) { try count == 0 }
    }

    /// A copy of an element.
    ///
    /// - Throws: `ObjectError.outOfRange` if there is none there.
    public subscript(index: Int) -> Element {
        get throws(ObjectError) { try reference.ask(.get, [Int64(index)]).value() }
    }

    /// A copy of all elements, as they are at one moment.
    ///
    /// - Throws: `ObjectError`.
    public func elements() throws(ObjectError) -> [Element] { try reference.ask(.read).values() }

    /// A copy of some elements.
    ///
    /// - Throws: `ObjectError.outOfRange` if they are not all there.
    public func elements(in range: Range<Int>) throws(ObjectError) -> [Element] {
        try reference.ask(.read, [Int64(range.lowerBound), Int64(range.upperBound)]).values()
    }

    /// The place of the first element that is encoded as `element` is; nil if there is none from `start` on.
    ///
    /// - Throws: `ObjectError.outOfRange` if the list ends before `start`.
    /// - Complexity: O(n) in the server.
    public func firstIndex(of element: Element, from start: Int = 0) throws(ObjectError) -> Int? {
        let answer = try reference.ask(.find, [Int64(start)], [reference.encode(element)])
        return answer.status == .nothing ? nil : answer.number()
    }

    /// Whether there is an element that is encoded as `element` is.
    ///
    /// - Throws: `ObjectError`.
    public func contains(_ element: Element) throws(ObjectError) -> Bool { try firstIndex(of: element) != nil }

    /// How many elements are encoded as `element` is: Python's `count`.
    ///
    /// - Throws: `ObjectError`.
    public func occurrences(of element: Element) throws(ObjectError) -> Int {
        try reference.ask(.occurrences, [], [reference.encode(element)]).number()
    }

    // MARK: - Changing

    /// Puts an element in the place of another one.
    ///
    /// - Throws: `ObjectError.outOfRange`.
    public func set(_ index: Int, to element: Element) throws(ObjectError) {
        try reference.ask(.set, [Int64(index)], [reference.encode(element)])
    }

    /// Adds an element at the end.
    ///
    /// - Throws: `ObjectError`.
    public func append(_ element: Element) throws(ObjectError) {
        try reference.ask(.append, [], [reference.encode(element)])
    }

    /// Adds elements at the end, all in one step: Python's `extend`.
    ///
    /// - Throws: `ObjectError`.
    public func append(contentsOf elements: some Sequence<Element>) throws(ObjectError) {
        try reference.ask(.append, [], reference.encode(each: elements))
    }

    /// Puts an element before the one at `index`, or at the end.
    ///
    /// - Throws: `ObjectError.outOfRange`.
    public func insert(_ element: Element, at index: Int) throws(ObjectError) {
        try reference.ask(.insert, [Int64(index)], [reference.encode(element)])
    }

    /// Removes an element and returns it: Python's `pop(index)`.
    ///
    /// - Throws: `ObjectError.outOfRange`.
    @discardableResult
    public func remove(at index: Int) throws(ObjectError) -> Element {
        try reference.ask(.remove, [Int64(index)]).value()
    }

    /// Removes the first element that is encoded as `element` is: Python's `remove`.
    ///
    /// - Returns: whether there was one.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func remove(_ element: Element) throws -> Bool where Element: Equatable {
        try updateAll { elements in
            guard let index = elements.firstIndex(of: element) else { return false }
            elements.remove(at: index)
            return true
        }
    }

    /// Removes the last element and returns it; nil if there is none.
    ///
    /// - Throws: `ObjectError`.
    @discardableResult
    public func popLast() throws(ObjectError) -> Element? { try reference.ask(.removeLast).optional() }

    /// Removes all elements: Python's `clear`.
    ///
    /// - Throws: `ObjectError`.
    public func removeAll() throws(ObjectError) { try reference.ask(.removeAll) }

    /// Puts elements in the place of others; as many or not.
    ///
    /// - Throws: `ObjectError.outOfRange`.
    public func replace(_ range: Range<Int>, with elements: some Sequence<Element>) throws(ObjectError) {
        let values = try reference.encode(each: elements)
        try reference.ask(.replace, [Int64(range.lowerBound), Int64(range.upperBound)], values)
    }

    /// Turns the order around.
    ///
    /// - Throws: `ObjectError`.
    public func reverse() throws(ObjectError) { try reference.ask(.reverse) }

    /// Lets two elements change places.
    ///
    /// - Throws: `ObjectError.outOfRange`.
    public func swapAt(_ one: Int, _ other: Int) throws(ObjectError) {
        try reference.ask(.swap, [Int64(one), Int64(other)])
    }

    // MARK: - Transactions

    /// Changes one element as a transaction, as `RemoteValue.update`.
    ///
    /// - Throws: `ObjectError`; what `body` throws.
    public func update<Result>(_ index: Int, _ body: (inout Element) throws -> Result) throws -> Result {
        var result: Result?
        try reference.update([Int64(index)]) { answer in
            var element: Element = try answer.value()
            result = try body(&element)
            return [try reference.encode(element)]
        }
        guard let result else { throw ObjectError.malformed }
        return result
    }

    /// Changes the whole list as a transaction, as `RemoteValue.update`.
    ///
    /// - Throws: `ObjectError`; what `body` throws.
    public func updateAll<Result>(_ body: (inout [Element]) throws -> Result) throws -> Result {
        var result: Result?
        try reference.update { answer in
            var elements: [Element] = try answer.values()
            result = try body(&elements)
            return try reference.encode(each: elements)
        }
        guard let result else { throw ObjectError.malformed }
        return result
    }
}

extension RemoteList where Element: Comparable {
    /// Sorts the list, as a transaction.
    ///
    /// - Throws: `ObjectError`.
    public func sort() throws { try updateAll { $0.sort() } }
}

extension RemoteList where Element: FixedWidthInteger {
    /// Adds to an element, in one step.
    ///
    /// - Returns: the sum.
    /// - Throws: `ObjectError`, as `RemoteValue.add`.
    @discardableResult
    public func add(_ amount: Element, to index: Int) throws(ObjectError) -> Element {
        try reference.ask(.add, [Int64(index)], reference.summands(amount, initial: nil)).value()
    }
}
