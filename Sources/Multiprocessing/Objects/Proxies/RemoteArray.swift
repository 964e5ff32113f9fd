/// Values in a server whose number stays what it is, for several processes: Python's `Array` of a manager.
public struct RemoteArray<Element: Codable & Sendable>: Codable, Hashable, Sendable {
    let reference: ObjectReference
    private var list: RemoteList<Element> { RemoteList(reference: reference) }

    /// How many elements there are.
    public var count: Int {
        get throws(ObjectError) { try list.count }
    }

    /// A copy of an element.
    ///
    /// - Throws: `ObjectError.outOfRange` if there is none there.
    public subscript(index: Int) -> Element {
        get throws(ObjectError) { try list[index] }
    }

    /// Puts an element in the place of another one.
    ///
    /// - Throws: `ObjectError.outOfRange`.
    public func set(_ index: Int, to element: Element) throws(ObjectError) { try list.set(index, to: element) }

    /// A copy of all elements, as they are at one moment.
    ///
    /// - Throws: `ObjectError`.
    public func elements() throws(ObjectError) -> [Element] { try list.elements() }

    /// A copy of some elements.
    ///
    /// - Throws: `ObjectError.outOfRange` if they are not all there.
    public func elements(in range: Range<Int>) throws(ObjectError) -> [Element] { try list.elements(in: range) }

    /// Puts as many elements in the place of others.
    ///
    /// - Throws: `ObjectError.outOfRange`; `wrongKind` if there are more or fewer.
    public func replace(_ range: Range<Int>, with elements: some Sequence<Element>) throws(ObjectError) {
        try list.replace(range, with: elements)
    }

    /// Changes one element as a transaction, as `RemoteValue.update`.
    ///
    /// - Throws: `ObjectError`; what `body` throws.
    public func update<Result>(_ index: Int, _ body: (inout Element) throws -> Result) throws -> Result {
        try list.update(index, body)
    }

    /// Changes all elements as a transaction, as `RemoteValue.update`.
    ///
    /// - Throws: `ObjectError`, `wrongKind` if there are more or fewer afterwards; what `body` throws.
    public func updateAll<Result>(_ body: (inout [Element]) throws -> Result) throws -> Result {
        try list.updateAll(body)
    }
}

extension RemoteArray where Element: FixedWidthInteger {
    /// Adds to an element, in one step.
    ///
    /// - Returns: the sum.
    /// - Throws: `ObjectError`, as `RemoteValue.add`.
    @discardableResult
    public func add(_ amount: Element, to index: Int) throws(ObjectError) -> Element {
        try list.add(amount, to: index)
    }
}
