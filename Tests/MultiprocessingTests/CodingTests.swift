import Foundation
import Multiprocessing
import MultiprocessingTasks
import Testing
import ToolkitTesting

/// What is encoded comes out the same, whatever its shape.
@Suite(.watchdog) struct CodingTests {
    func check<Value: Codable & Equatable>(
        _ value: Value, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try Parcel(value).decode(Value.self) == value, sourceLocation: sourceLocation)
    }

    @Test func `numbers of all sizes`() throws {
        try check([0, 1, -1, 63, 64, 127, 128, -64, -65, -128, -129, .min, .max] as [Int])
        try check([Int8.min, .max, 0])
        try check([UInt64.max, 0, 1 << 63])
        try check([Int128.min, .max, 0, Int128(Int64.max) + 1])
        try check([UInt128.max, 0])
        try check([0, -0.0, 1.5, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude] as [Double])
        try check([1.5, -.infinity] as [Float])
        #expect(try Parcel(Double.nan).decode(Double.self).isNaN)
        #expect(try Parcel(-0.0).decode(Double.self).sign == .minus)
        for value in [Int.min, -1, 0, 300, .max] { try check(value) }
        try check(true)
    }

    @Test func `a number that does not fit is refused`() throws {
        let parcel = try Parcel(300)
        #expect(throws: DecodingError.self) { try parcel.decode(UInt8.self) }
        #expect(try parcel.decode(Int16.self) == 300)
        let negative = try Parcel(-1)
        #expect(throws: DecodingError.self) { try negative.decode(UInt.self) }
        #expect(throws: DecodingError.self) { try negative.decode(String.self) }
    }

    @Test func `texts and bytes`() throws {
        for text in ["", "a", "ein Pfad", "👩‍👩‍👧‍👦", String(repeating: "x", count: 10_000)] { try check(text) }
        try check([UInt8](0...255))
        try check(["bytes": [UInt8]()])
        try check([[1, 2], []] as [[UInt8]])
        // A buffer may be read as the list that it is, and the other way round.
        #expect(try Parcel([1, 2, 3] as [UInt8]).decode([Int].self) == [1, 2, 3])
        #expect(try Parcel([1, 2, 3] as [Int]).decode([UInt8].self) == [1, 2, 3])
        let small = try Parcel([1, 2] as [UInt8])
        #expect(small.bytes.count == 4)
    }

    @Test func `optionals in optionals keep their levels`() throws {
        let values: [Int???] = [nil, .some(nil), .some(.some(nil)), 5]
        for value in values { try check(value) }
        try check(values)
        try check(["a": nil, "b": .some(nil), "c": 1] as [String: Int??])
        struct Fields: Codable, Equatable {
            var a: Int??
            var b: Int??
            var c: Int??
            var d: [Int?]?
        }
        try check(Fields(a: nil, b: .some(nil), c: 3, d: [nil, 1]))
        struct ByHand: Codable, Equatable {
            let value: Int?
            init(_ value: Int?) { self.value = value }
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                value = container.decodeNil() ? nil : try container.decode(Int.self)
            }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(value)
            }
        }
        try check([ByHand(nil), ByHand(2)])
    }

    @Test func `enumerations with values, and ones that contain themselves`() throws {
        indirect enum Tree: Codable, Equatable {
            case leaf
            case node(Tree, value: String, Tree)
            case named(left: Tree?)
        }
        func tree(_ depth: Int) -> Tree {
            depth == 0 ? .leaf : .node(tree(depth - 1), value: "\(depth)", .named(left: depth % 2 == 0 ? nil : .leaf))
        }
        try check(tree(60))
        #expect(throws: EncodingError.self) { try Parcel(tree(600)) }
    }

    @Test func `dictionaries and sets of all kinds of keys`() throws {
        struct Point: Codable, Hashable {
            var x: Int
            var y: Int
        }
        enum Color: String, Codable, CodingKeyRepresentable { case red, green }
        try check(["a": 1, "": 2, "ä": 3])
        try check([1: "a", -5: "b"])
        try check([Point(x: 1, y: 2): [Point(x: 3, y: 4)]])
        try check([Color.red: 1, .green: 2])
        try check(Set([1, 2, 3]))
        try check(Dictionary(uniqueKeysWithValues: (0..<2000).map { ("key \($0)", $0) }))
    }

    @Test func `structures without fields are something`() throws {
        struct Empty: Codable, Equatable {}
        try check(Empty())
        try check([Empty(), Empty()])
        try check([Empty(), nil])
        try check(Nothing())
        try check([:] as [String: Int])
    }

    @Test func `ranges, results of other libraries' types, and codable existing types`() throws {
        try check(1..<5)
        try check(Duration.milliseconds(1500))
        try check(Date(timeIntervalSince1970: 1e9))
        try check(try #require(URL(string: "https://example.org/a?b")))
        try check(UUID())
        try check(Decimal(string: "1.25"))
        try check(Data([1, 2, 3]))
    }

    class Base: Codable, Equatable {
        var name: String
        init(_ name: String) { self.name = name }
        static func == (a: Base, b: Base) -> Bool { a.name == b.name }
    }

    final class Derived: Base {
        var number: Int
        init(_ name: String, _ number: Int) {
            self.number = number
            super.init(name)
        }
        private enum Keys: CodingKey { case number, shared }
        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            number = try container.decode(Int.self, forKey: .number)
            try super.init(from: container.superDecoder())
        }
        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try super.encode(to: container.superEncoder())
            try container.encode(number, forKey: .number)
        }
    }

    /// Encodes the base class into the same container.
    final class Merged: Base {
        var number: Int
        init(_ name: String, _ number: Int) {
            self.number = number
            super.init(name)
        }
        private enum Keys: CodingKey { case number }
        required init(from decoder: any Decoder) throws {
            number = try decoder.container(keyedBy: Keys.self).decode(Int.self, forKey: .number)
            try super.init(from: decoder)
        }
        override func encode(to encoder: any Encoder) throws {
            try super.encode(to: encoder)
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(number, forKey: .number)
        }
    }

    @Test func `class hierarchies, by a super coder and in one container`() throws {
        let derived = try Parcel([Derived("a", 1), Derived("b", 2)]).decode([Derived].self)
        #expect(derived.map(\.name) == ["a", "b"] && derived.map(\.number) == [1, 2])
        let merged = try Parcel(Merged("c", 3)).decode(Merged.self)
        #expect(merged.name == "c" && merged.number == 3)
    }

    /// Writes to all of its containers in turns.
    struct Interleaved: Codable, Equatable {
        var rows: [[Int]] = [[1, 2], [3]]
        var inner = ["x": 7, "y": 8]
        var last = "last"

        private enum Keys: CodingKey { case rows, inner, last }

        init() {}

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            var list = container.nestedUnkeyedContainer(forKey: .rows)
            var map = container.nestedContainer(keyedBy: Name.self, forKey: .inner)
            var first = list.nestedUnkeyedContainer()
            try map.encode(7, forKey: Name("x"))
            try container.encode(last, forKey: .last)
            var second = list.nestedUnkeyedContainer()
            try first.encode(1)
            try second.encode(3)
            try map.encode(8, forKey: Name("y"))
            try first.encode(2)
            #expect(first.count == 2 && list.count == 2)
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            last = try container.decode(String.self, forKey: .last)
            rows = try container.decode([[Int]].self, forKey: .rows)
            let map = try container.nestedContainer(keyedBy: Name.self, forKey: .inner)
            inner = [:]
            for key in map.allKeys { inner[key.stringValue] = try map.decode(Int.self, forKey: key) }
        }
    }

    struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(_ name: String) { stringValue = name }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    @Test func `containers that are written in turns`() throws {
        try check([Interleaved(), Interleaved()])
        try check(Interleaved())
    }

    @Test func `fields that one build has and the other has not`() throws {
        struct Old: Codable, Equatable {
            var name: String
            var number: Int
        }
        struct New: Codable, Equatable {
            var extra: [String: [Int]]
            var number: Int
            var note: String?
            var name: String
        }
        let new = try Parcel(New(extra: ["a": [1]], number: 5, note: "n", name: "x"))
        #expect(try new.decode(Old.self) == Old(name: "x", number: 5))
        let old = try Parcel(Old(name: "x", number: 5))
        #expect(throws: DecodingError.self) { try old.decode(New.self) }
    }

    @Test func `a value that failed leaves nothing of itself`() throws {
        struct Failing: Codable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Name.self)
                try container.encode(1, forKey: Name("half"))
                throw Failure()
            }
        }
        struct Careful: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.unkeyedContainer()
                try container.encode(1)
                #expect(throws: Failure.self) { try container.encode(Failing()) }
                try container.encode(2)
            }
        }
        #expect(try Parcel(Careful()).decode([Int].self) == [1, 2])
        #expect(throws: Failure.self) { try Parcel(Failing()) }
    }

    @Test func `a container that is used too late throws`() throws {
        struct Keeper: Encodable {
            final class Box: @unchecked Sendable { var container: (any UnkeyedEncodingContainer)? }
            let box: Box
            func encode(to encoder: any Encoder) throws { box.container = encoder.unkeyedContainer() }
        }
        let box = Keeper.Box()
        _ = try Parcel([Keeper(box: box)])
        #expect(throws: EncodingError.self) { try box.container?.encode(1) }
        struct Both: Encodable {
            func encode(to encoder: any Encoder) throws {
                var list = encoder.unkeyedContainer()
                try list.encode(1)
                var keyed = encoder.container(keyedBy: Name.self)
                try keyed.encode(1, forKey: Name("a"))
            }
        }
        #expect(throws: EncodingError.self) { try Parcel(Both()) }
    }

    @Test func `errors say where`() throws {
        let parcel = try Parcel(["a": ["b": [1, 2, "x".count]]])
        let error = #expect(throws: DecodingError.self) { try parcel.decode([String: [String: [String]]].self) }
        guard case .typeMismatch(_, let context) = error else { return #expect(Bool(false)) }
        #expect(context.codingPath.map(\.stringValue).contains("b"))
        #expect(context.debugDescription.contains("the message has an integer there"))
    }

    @Test func `a large byte buffer takes well under a millisecond for a megabyte`() throws {
        let bytes = [UInt8](repeating: 1, count: 1 << 20)
        let taken = try elapsed {
            for _ in 0..<50 { try #require(try Parcel(bytes).decode([UInt8].self).count == bytes.count) }
        }
        // Generous, for a machine that does other things and a build without optimization.
        #expect(taken < .seconds(2))
    }
}
