import CLinux

/// The environment of a child.
public enum Environment: Hashable, Sendable {
    /// The parent's, as it is when the child is spawned. It is handed over without a copy, so no other thread may call
    /// `setenv` at that moment; but it never may while anybody reads the environment.
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
        switch self {
        case .inherit: Environment.inherited(name)
        case .replace(let variables): variables[name]
        case .extend(let variables, let unwanted):
            variables[name] ?? (unwanted.contains(name) ? nil : Environment.inherited(name))
        }
    }

    /// The variables as exec wants them; nil for exactly the parent's own, of which no copy is needed.
    ///
    /// Inherited ones keep their bytes, which need not be UTF-8, and their order; given ones follow, sorted, so that
    /// the same request gives the same block.
    func block() -> CStrings? {
        switch self {
        case .inherit:
            return nil
        case .replace(let variables):
            return CStrings(Environment.sorted(variables))
        case .extend(let variables, let unwanted):
            var kept: [UnsafeMutablePointer<CChar>] = unsafe []
            unsafe Environment.forEachInherited { entry, name in
                let name = unsafe String(decoding: name, as: UTF8.self)
                if variables[name] == nil && !unwanted.contains(name) { unsafe kept.append(entry) }
                return true
            }
            return unsafe CStrings(borrowing: kept, copying: Environment.sorted(variables))
        }
    }

    private static func sorted(_ variables: [String: String]) -> [String] {
        variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    private static func inherited(_ name: String) -> String? {
        var value: String?
        unsafe forEachInherited { entry, candidate in
            guard unsafe name.utf8.elementsEqual(candidate) else { return true }
            value = unsafe String(cString: entry + candidate.count + 1)
            return false
        }
        return value
    }

    /// The parent's own, entry and name, until `body` returns false. Whoever calls `setenv` on another thread meanwhile
    /// breaks the C library's rules, not ours.
    private static func forEachInherited(
        _ body: (UnsafeMutablePointer<CChar>, UnsafeRawBufferPointer) -> Bool
    ) {
        guard var next = unsafe roost_environment() else { return }
        while let entry = unsafe next.pointee {
            // An entry without "=" has no name to compare; exec passes it on as it is.
            let length = unsafe strcspn(entry, "=")
            guard unsafe body(entry, UnsafeRawBufferPointer(start: entry, count: length)) else { return }
            unsafe next += 1
        }
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
