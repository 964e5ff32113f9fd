import Multiprocessing
import Testing
import Threading
import ToolkitTesting

/// Values in values, written and read by containers within containers.
@Suite(.watchdog) struct CodingDepthTests {
    /// A chain that is written, and read, without a value for each link.
    struct Chain: Codable, Equatable {
        enum Way: CaseIterable {
            case list
            case keyed
            case decoder
        }

        enum Key: CodingKey { case next }

        /// Of the test, which is the only one that uses it.
        nonisolated(unsafe) static var way = Way.list
        let length: Int

        init(_ length: Int) { self.length = length }

        func encode(to encoder: any Encoder) throws {
            switch Self.way {
            case .list:
                var container = encoder.unkeyedContainer()
                Self.write(length, &container)
            case .keyed:
                var container = encoder.container(keyedBy: Key.self)
                Self.write(length, &container)
            case .decoder: Self.write(length, encoder)
            }
        }

        private static func write(_ left: Int, _ container: inout any UnkeyedEncodingContainer) {
            if left == 0 { return }
            var inner = container.nestedUnkeyedContainer()
            write(left - 1, &inner)
        }

        private static func write(_ left: Int, _ container: inout KeyedEncodingContainer<Key>) {
            if left == 0 { return }
            var inner = container.nestedContainer(keyedBy: Key.self, forKey: .next)
            write(left - 1, &inner)
        }

        private static func write(_ left: Int, _ encoder: any Encoder) {
            var container = encoder.container(keyedBy: Key.self)
            if left > 0 { write(left - 1, container.superEncoder(forKey: .next)) }
        }

        init(from decoder: any Decoder) throws {
            switch Self.way {
            case .list:
                var container = try decoder.unkeyedContainer()
                length = try Self.read(&container)
            case .keyed: length = try Self.read(decoder.container(keyedBy: Key.self))
            case .decoder: length = try Self.read(decoder)
            }
        }

        private static func read(_ container: inout any UnkeyedDecodingContainer) throws -> Int {
            if container.isAtEnd { return 0 }
            var inner = try container.nestedUnkeyedContainer()
            return try 1 + read(&inner)
        }

        private static func read(_ container: KeyedDecodingContainer<Key>) throws -> Int {
            guard container.contains(.next) else { return 0 }
            return try 1 + read(container.nestedContainer(keyedBy: Key.self, forKey: .next))
        }

        private static func read(_ decoder: any Decoder) throws -> Int {
            let container = try decoder.container(keyedBy: Key.self)
            return container.contains(.next) ? try 1 + read(container.superDecoder(forKey: .next)) : 0
        }
    }

    @Test func `containers in containers are limited as values are, in both directions`() throws {
        for way in Chain.Way.allCases {
            Chain.way = way
            #expect(try Parcel(Chain(400)).decode(Chain.self) == Chain(400))
            #expect(throws: EncodingError.self) { try Parcel(Chain(600)) }
        }
        // A list in a list, and so on, which nobody could encode.
        Chain.way = .list
        #expect(throws: DecodingError.self) { try Parcel(bytes: lists(600)).decode(Chain.self) }
        Chain.way = .keyed
        #expect(throws: DecodingError.self) { try Parcel(bytes: structures(600)).decode(Chain.self) }
        Chain.way = .decoder
        #expect(throws: DecodingError.self) { try Parcel(bytes: structures(600)).decode(Chain.self) }
    }

    private func lists(_ depth: Int) -> [UInt8] {
        var bytes: [UInt8] = [11, 4, 0, 0, 0, 0, 0, 0, 0]
        for _ in 0..<depth { bytes = [11] + length(bytes.count + 4) + [1, 0, 0, 0] + bytes }
        return bytes
    }

    private func structures(_ depth: Int) -> [UInt8] {
        let key: [UInt8] = [4] + Array("next".utf8)
        var bytes: [UInt8] = [15]
        for _ in 0..<depth { bytes = [12] + length(bytes.count + key.count) + key + bytes }
        return bytes
    }

    private func length(_ count: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(count).littleEndian) { Array($0) } }

    @Test func `a thread with a small stack refuses what is too deep for it`() throws {
        struct Nest: Codable {
            var inner: [Nest]
        }
        let bytes = try Threading.Thread(name: "deep", options: ThreadOptions(stackSize: 4 << 20)) {
            var nest = Nest(inner: [])
            for _ in 0..<200 { nest = Nest(inner: [nest]) }
            return try Parcel(nest).bytes
        }.join()
        for (stack, isRefused) in [(256 << 10, true), (4 << 20, false)] {
            let thread = try Threading.Thread(name: "deep", options: ThreadOptions(stackSize: stack)) {
                do {
                    let nest = try Parcel(bytes: bytes).decode(Nest.self)
                    return try Parcel(nest).bytes != bytes
                } catch is DecodingError {
                    return true
                }
            }
            // Where frames are small, in optimized code, a small stack is enough.
            let isDone = try thread.join()
            #if DEBUG
                #expect(isDone == isRefused)
            #else
                #expect(!isDone || isRefused)
            #endif
        }
    }

    @Test func `keys are known by their bytes, however many there are`() throws {
        struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
        // The same to a reader, and different keys nevertheless.
        let names = (0..<1000).map { "key \($0)" } + ["\u{e9}", "e\u{301}"]
        struct Table: Codable, Equatable {
            var names: [String] = []
            init(_ names: [String]) { self.names = names }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Name.self)
                for (number, name) in names.enumerated() {
                    try container.encode(number, forKey: Name(stringValue: name))
                }
            }
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Name.self)
                for number in [1001, 500, 3, 1000] {
                    let name = number == 1001 ? "e\u{301}" : number == 1000 ? "\u{e9}" : "key \(number)"
                    let found = try container.decode(Int.self, forKey: Name(stringValue: name))
                    names.append("\(found)")
                }
            }
        }
        #expect(try Parcel(Table(names)).decode(Table.self).names == ["1001", "500", "3", "1000"])
    }

    @Test func `a handle in a value that is not sent is not sent either`() throws {
        struct Failing: Encodable {
            struct Failure: Error {}
            let lock: SharedLock
            func encode(to encoder: any Encoder) throws {
                var container = encoder.unkeyedContainer()
                try container.encode(lock)
                throw Failure()
            }
        }
        struct Trying: Encodable {
            let locks: [SharedLock]
            func encode(to encoder: any Encoder) throws {
                var container = encoder.unkeyedContainer()
                try container.encode(locks[0])
                try? container.encode(Failing(lock: locks[1]))
                try container.encode(locks[2])
            }
        }
        let parcel = try Parcel(Trying(locks: (0..<3).map { _ in try SharedLock() }))
        #expect(parcel.descriptors.count == 2)
        #expect(try parcel.decode([SharedLock].self).count == 2)
    }
}
