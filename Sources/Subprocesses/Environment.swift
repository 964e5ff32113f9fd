import CLinux

/// The environment of a child.
public enum Environment: Hashable, Sendable {
    /// The parent's, as it is when the child is spawned.
    case inherit
    /// These variables and no others.
    case replace([String: String])
    /// The parent's, with these added or set anew, and without those named.
    case extend([String: String], without: Set<String> = [])

    /// The same with one more variable, or with another value for it.
    public func adding(_ name: String, _ value: String) -> Environment {
        switch self {
        case .inherit:
            return .extend([name: value])
        case .replace(var variables):
            variables[name] = value
            return .replace(variables)
        case .extend(var variables, let unwanted):
            variables[name] = value
            return .extend(variables, without: unwanted)
        }
    }

    /// The value that the child will see; nil if it sees none.
    public func value(of name: String) -> String? {
        let prefix = Array("\(name)=".utf8)
        return entries().first { $0.starts(with: prefix) }
            .map { String(decoding: $0.dropFirst(prefix.count), as: UTF8.self) }
    }

    /// The variables as `NAME=value`, in bytes, because what is inherited need not be UTF-8.
    ///
    /// Inherited ones keep their order; given ones follow, sorted, so that the same request gives the same block.
    func entries() -> [[UInt8]] {
        switch self {
        case .inherit:
            return Environment.inherited()
        case .replace(let variables):
            return Environment.sorted(variables)
        case .extend(let variables, let unwanted):
            let kept = Environment.inherited().filter { entry in
                let name = String(decoding: entry.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
                return variables[name] == nil && !unwanted.contains(name)
            }
            return kept + Environment.sorted(variables)
        }
    }

    private static func sorted(_ variables: [String: String]) -> [[UInt8]] {
        variables.sorted { $0.key < $1.key }.map { Array("\($0.key)=\($0.value)".utf8) }
    }

    /// The parent's own. Whoever calls `setenv` on another thread meanwhile breaks the C library's rules, not ours.
    private static func inherited() -> [[UInt8]] {
        var entries: [[UInt8]] = []
        guard var next = unsafe roost_environment() else { return [] }
        while let entry = unsafe next.pointee {
            let bytes = unsafe UnsafeRawBufferPointer(start: entry, count: strlen(entry))
            unsafe entries.append(Array(bytes))
            unsafe next += 1
        }
        return entries
    }

    /// The first reason why these variables cannot be an environment, in the words of an error's subject.
    func problem() -> String? {
        let variables: [String: String]
        switch self {
        case .inherit: return nil
        case .replace(let given), .extend(let given, _): variables = given
        }
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
            if name.isEmpty { return "a variable without a name" }
            if name.utf8.contains(UInt8(ascii: "=")) { return "the variable name \(name), which contains “=”" }
            if name.utf8.contains(0) || value.utf8.contains(0) { return "the variable \(name), which contains a NUL" }
        }
        return nil
    }
}
