import Multiprocessing
import Testing
import ToolkitTesting

@Suite(.leavesNothing, .timeLimit(.minutes(10))) struct SharedValueTests {
    @Test func `MP-083 a value has a lock of its own, none, or a given one`() throws {
        #expect(try SharedValue(0).lock != nil)
        #expect(try SharedValue(0, lock: .none).lock == nil)
        let lock = try SharedRLock()
        let value = try SharedValue(1, lock: .shared(lock))
        #expect(value.lock === lock)
        #expect(try SharedArray([1], lock: .shared(lock)).lock === lock)
        let copy = try Parcel(value).decode(SharedValue<Int>.self)
        lock.acquire()
        #expect(copy.lock?.isMine == true)
        try lock.release()
        #expect(throws: EncodingError.self) { try Parcel(SharedValue(0).lock) }
    }

    @Test func `a value is changed under its lock, and seen by all who have it`() throws {
        let value = try SharedValue(Pair(left: 1, right: 2.5))
        let copy = try Parcel(value).decode(SharedValue<Pair>.self)
        let sum = copy.withLock { pair in
            pair.left += 1
            return Double(pair.left) + pair.right
        }
        #expect(sum == 4.5)
        #expect(value.value == Pair(left: 2, right: 2.5))
        value.value = Pair(left: 0, right: 0)
        #expect(copy.value.left == 0)
    }

    @Test func `a value of another layout is an error, not a crash`() throws {
        #expect(throws: SharedMemoryError.self) { try Parcel(SharedValue(0)).decode(SharedValue<UInt8>.self) }
        #expect(throws: SharedMemoryError.self) { try Parcel(SharedValue(0)).decode(SharedArray<Int>.self) }
        #expect(throws: SharedMemoryError.self) { try Parcel(SharedAtomic(1)).decode(SharedAtomic<UInt>.self) }
        #expect(throws: (any Error).self) { try Parcel(Holder(SharedMemory(size: 4096))).decode(Stranger.self) }
    }

    @Test func `an array has spans, elements and slices`() throws {
        let array = try SharedArray([3, 1, 2])
        array[1] = 10
        #expect(array.elements == [3, 10, 2] && array[1..<3] == [10, 2])
        array.withMutableSpan { span in for index in span.indices { span[index] *= 2 } }
        #expect(array.withSpan { $0[0] } == 6)
        try array.replace(0..<2, with: [1, 2])
        #expect(array.elements == [1, 2, 4])
        #expect(throws: SharedArrayError.wrongCount(places: 2, elements: 3)) {
            try array.replace(0..<2, with: [1, 2, 3])
        }
        #expect(throws: SharedMemoryError.notPositive(0)) { try SharedArray([Int]()) }
        #expect(throws: SharedMemoryError.notPositive(-1)) { try SharedArray(repeating: 0, count: -1) }
    }

    @Test func `☆ an atomic number loses no count`() throws {
        try repeatedly { _ in
            let number = try SharedAtomic(Int32(0))
            let copy = try Parcel(number).decode(SharedAtomic<Int32>.self)
            try Crew(3) { index in for _ in 0..<1000 { (index == 0 ? number : copy).add(1) } }.join()
            #expect(number.load() == 3000)
        }
        let number = try SharedAtomic(UInt8(255))
        #expect(number.add(1) == 0)
        #expect(number.exchange(7) == 0)
        #expect(number.compareExchange(expected: 7, desired: 8) == (true, 7))
        #expect(number.compareExchange(expected: 7, desired: 9) == (false, 8))
    }

    @Test func `MP-094 an item may change within its slot, and its kind, but not exceed the slot`() throws {
        let list = try ShareableList([.string("pears"), .int(1), .bytes([1, 2, 3]), .bool(true), .none, .double(0.5)])
        try list.set(0, .string("12345678"))
        let exceeds = ShareableListError.exceedsStorage(bytes: 9, slot: 8)
        #expect(throws: exceeds) { try list.set(0, .string("123456789")) }
        #expect(try list.get(0) == .string("12345678"))
        try list.set(0, .int(-5))
        try list.set(1, .string("eight by"))
        try list.set(4, .bytes([0, 0]))
        #expect(
            try list.items == [
                .int(-5), .string("eight by"), .bytes([1, 2, 3]), .bool(true), .bytes([0, 0]), .double(0.5),
            ])
        #expect(try list.firstIndex(of: .bool(true)) == 3)
        #expect(try list.count(of: .none) == 0)
        #expect(throws: ShareableListError.noSuchItem(index: 6, count: 6)) { try list.get(6) }
        #expect(throws: ShareableListError.noSuchItem(index: -1, count: 6)) { try list.set(-1, .none) }
    }

    @Test func `★ MP-095 texts that are not ASCII come back whole`() throws {
        try repeatedly { _ in
            let texts = [String(repeating: "é", count: 15), String(repeating: "日", count: 10), "👩‍👩‍👧", "a\0b\0"]
            let list = try ShareableList(texts.map { .string($0) })
            let copy = try Parcel(list).decode(ShareableList.self)
            #expect(try copy.items == texts.map { .string($0) })
            #expect(throws: ShareableListError.exceedsStorage(bytes: 34, slot: 32)) {
                try list.set(0, .string(String(repeating: "é", count: 17)))
            }
            #expect(try copy.get(0) == .string(texts[0]))
        }
    }

    @Test func `an empty list is a list`() throws {
        let list = try ShareableList([])
        #expect(try list.items == [] && list.count == 0)
        #expect(try Parcel(list).decode(ShareableList.self).count == 0)
    }
}

private struct Pair: BitwiseCopyable, Sendable, Equatable {
    var left: Int32
    var right: Double
}

/// Passes memory where something else is expected.
private struct Holder: Encodable {
    let memory: SharedMemory
    init(_ memory: SharedMemory) { self.memory = memory }
}

private struct Stranger: Decodable {
    let memory: SharedLock
}
