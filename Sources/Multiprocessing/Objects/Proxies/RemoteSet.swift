/// A set in a server, for several processes: Python's `set` of a manager.
///
/// Each call is done in one step. Elements are the same if they are encoded the same, as the keys of a
/// `RemoteDictionary`.
public struct RemoteSet<Element: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    let reference: ObjectReference

    /// How many elements there are.
    public var count: Int {
        get throws(ObjectError) { try reference.ask(.count).number() }
    }

    /// Whether there are none.
    public var isEmpty: Bool {
        get throws(ObjectError) { try count == 0 }
    }

    /// Whether an element is there.
    ///
    /// - Throws: `ObjectError`.
    public func contains(_ element: Element) throws(ObjectError) -> Bool {
        try reference.ask(.contains, [], [reference.encode(element)]).isTrue
    }

    /// A copy of all elements, as they are at one moment. Set operations that change nothing are done with it.
    ///
    /// - Throws: `ObjectError`.
    public func elements() throws(ObjectError) -> Set<Element> { Set(try reference.ask(.read).values()) }

    /// Reads the elements bit by bit, where `elements()` would be too much at a time.
    ///
    /// - Parameter batch: how many come with one call.
    public func entries(batch: Int = 64) -> RemoteEntries<Element> {
        RemoteEntries(reference, batch: batch) { answer throws(ObjectError) in try answer.values() }
    }

    /// Adds an element.
    ///
    /// - Returns: false if it was there already.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func insert(_ element: Element) throws(ObjectError) -> Bool {
        try reference.ask(.insertIfAbsent, [], [reference.encode(element)]).isTrue
    }

    /// Removes an element: Python's `discard`.
    ///
    /// - Returns: whether it was there.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func remove(_ element: Element) throws(ObjectError) -> Bool {
        try reference.ask(.remove, [], [reference.encode(element)]).status == .done
    }

    /// Removes the element that came last and returns it; nil if there is none: Python's `pop`.
    ///
    /// - Throws: `ObjectError`.
    public func popLast() throws(ObjectError) -> Element? { try reference.ask(.removeLast).optional() }

    /// Removes all elements.
    ///
    /// - Throws: `ObjectError`.
    public func removeAll() throws(ObjectError) { try reference.ask(.removeAll) }

    /// Adds elements: Python's `update`, `|=`.
    ///
    /// - Throws: `ObjectError`.
    public func formUnion(_ other: some Sequence<Element>) throws(ObjectError) {
        try reference.ask(.merge, [1], reference.encode(each: other))
    }

    /// Removes elements: Python's `difference_update`, `-=`.
    ///
    /// - Throws: `ObjectError`.
    public func subtract(_ other: some Sequence<Element>) throws(ObjectError) {
        try reference.ask(.subtract, [], reference.encode(each: other))
    }

    /// Removes all other elements: Python's `intersection_update`, `&=`.
    ///
    /// - Throws: `ObjectError`.
    public func formIntersection(_ other: some Sequence<Element>) throws(ObjectError) {
        try reference.ask(.intersect, [], reference.encode(each: other))
    }

    /// Removes those that are there, and adds those that are not: Python's `symmetric_difference_update`, `^=`.
    ///
    /// - Throws: `ObjectError`.
    public func formSymmetricDifference(_ other: Set<Element>) throws(ObjectError) {
        try reference.ask(.toggle, [], reference.encode(each: other))
    }

    /// Changes the whole set as a transaction, as `RemoteValue.update`.
    ///
    /// - Throws: `ObjectError`; what `body` throws.
    public func updateAll<Result>(_ body: (inout Set<Element>) throws -> Result) throws -> Result {
        var result: Result?
        try reference.update { answer in
            var elements = Set<Element>(try answer.values())
            result = try body(&elements)
            return try reference.encode(each: elements)
        }
        guard let result else { throw ObjectError.malformed }
        return result
    }
}
