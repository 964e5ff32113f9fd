/// What a value in a parcel begins with.
///
/// Every value says what it is, so a reader can step over what it does not know, and two builds of a program that
/// disagree about a type get an error instead of nonsense. Integers from 0 to 127 are the tag itself, plus 128.
enum Tag {
    static let none: UInt8 = 0
    static let `false`: UInt8 = 1
    static let `true`: UInt8 = 2
    /// A variable-length number.
    static let positive: UInt8 = 3
    /// The bitwise complement of the value, as a variable-length number.
    static let negative: UInt8 = 4
    /// 16 bytes, for numbers that do not fit 64 bits.
    static let wideSigned: UInt8 = 5
    static let wideUnsigned: UInt8 = 6
    static let float: UInt8 = 7
    static let double: UInt8 = 8
    /// A variable-length count, and the UTF-8.
    static let text: UInt8 = 9
    /// A variable-length count, and the bytes.
    static let bytes: UInt8 = 10
    /// The length in 4 bytes, the count in 4 bytes, the values.
    static let list: UInt8 = 11
    /// The length in 4 bytes, then for each entry its key (a variable-length count, and the UTF-8) and its value.
    static let keyed: UInt8 = 12
    /// A variable-length number: the place of a descriptor in the parcel's table.
    static let descriptor: UInt8 = 13
    /// A value follows that would look like the absence of this one: `.some(nil)`.
    static let some: UInt8 = 14
    /// A value that encoded nothing.
    static let unit: UInt8 = 15
    static let smallInteger: UInt8 = 128

    static let listHeader = 9
    static let keyedHeader = 5
    /// How deep values may be in values; each level takes some of the thread's stack.
    static let deepest = 512
    /// From how deep on the stack is looked at, and how much of it must be left then for one level more.
    static let shallow = 16
    static let leastStack = 64 << 10

    static func name(_ tag: UInt8) -> String {
        switch tag {
        case none: "nothing"
        case `false`, `true`: "a truth value"
        case positive, negative, wideSigned, wideUnsigned, smallInteger...: "an integer"
        case float, double: "a floating-point number"
        case text: "a text"
        case bytes: "bytes"
        case list: "a list"
        case keyed, unit: "a structure"
        case descriptor: "a descriptor"
        case some: "an optional value"
        default: "the unknown tag \(tag)"
        }
    }
}

/// A key that is a name or a number.
enum PlainKey: CodingKey {
    case name(String)
    case number(Int)

    init(stringValue: String) { self = .name(stringValue) }
    init(intValue: Int) { self = .number(intValue) }

    var stringValue: String {
        switch self {
        case .name(let name): name
        case .number(let number): "\(number)"
        }
    }

    var intValue: Int? {
        switch self {
        case .name: nil
        case .number(let number): number
        }
    }

    static let `super` = PlainKey.name("super")
}

/// Finds out, where it matters, that a type is an optional one.
protocol AnyOptional {}
extension Optional: AnyOptional {}
