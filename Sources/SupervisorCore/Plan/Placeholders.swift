/// `{index}`, `{worker}` and `{instance}` in commands, environments, paths and addresses.
///
/// Only these three are replaced; any other brace is left alone, so that JSON can stand in an argument.
package enum Placeholders {
    package static func expand(_ text: String, for instance: InstanceID) -> String {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        var result = ""
        var rest = text[...]
        while let brace = rest.firstIndex(of: "{") {
            result += rest[..<brace]
            rest = rest[brace...]
            if let (name, value) = values(instance).first(where: { rest.hasPrefix($0.0) }) {
                result += value
                rest = rest.dropFirst(name.count)
            } else {
                result += "{"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    private static func values(_ instance: InstanceID) -> [(String, String)] {
        [("{index}", "\(instance.index)"), ("{worker}", instance.worker), ("{instance}", "\(instance)")]
    }
}

extension LaunchSpecification {
    /// Text of this launch as the run of this instance has it.
    package func expand(_ text: String, for instance: InstanceID) -> String {
        isLiteral ? text : Placeholders.expand(text, for: instance)
    }
}
