package import SupervisorCore

/// What came of reading a configuration.
package struct LoadedPlan: Sendable {
    /// Nil if and only if a problem is an error.
    package var plan: Plan?
    /// All of them, in file and line order.
    package var problems: [Problem]
}

/// Reads a configuration into a plan, or into everything that is wrong with it.
///
/// Reading never stops at the first problem, and never crashes, whatever the bytes.
package struct Loader {
    private let surroundings: Surroundings
    private let files: FileAccess

    package init(surroundings: Surroundings, files: FileAccess) {
        self.surroundings = surroundings
        self.files = files
    }

    /// - Parameter path: the main file; problems name it as it is given here.
    package func load(_ path: String) -> LoadedPlan {
        let context = DecodingContext(surroundings: surroundings)
        var reader = SourceReader(files: files, context: context)
        reader.readMain(path)
        var decoder = PlanDecoder(context: context)
        for source in reader.sources { decoder.decode(source) }
        let plan = decoder.finish()
        return LoadedPlan(plan: plan, problems: context.problems.inOrder)
    }

    /// Reads a configuration that is one text and includes nothing.
    package static func load(_ bytes: [UInt8], file: String = "roost.toml", surroundings: Surroundings) -> LoadedPlan {
        let files = FileAccess(
            read: { path in
                guard path == file else {
                    return .failure(.init(message: "cannot open \(path): nothing can be included here"))
                }
                return .success(.init(bytes: bytes, identity: path))
            },
            matches: { _, _, _ in .success([]) })
        return Loader(surroundings: surroundings, files: files).load(file)
    }
}
