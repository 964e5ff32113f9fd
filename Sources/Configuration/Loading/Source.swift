/// One file of a configuration, read as TOML.
struct Source {
    /// As the operator named it, or as an `include` found it.
    var file: String
    var index: Int
    var isMain: Bool
    var document: TOML.Document
}

/// How files are found and read: the system's in the daemon, made up in tests.
package struct FileAccess {
    package struct Content {
        package var bytes: [UInt8]
        /// The same for two names of one file.
        package var identity: String

        package init(bytes: [UInt8], identity: String) {
            self.bytes = bytes
            self.identity = identity
        }
    }

    /// Why a file or directory cannot be read, such as "cannot open a.toml: Permission denied".
    package struct Failure: Error {
        package var message: String

        package init(message: String) { self.message = message }
    }

    /// Reads at most a little more than `TOML.sizeLimit`.
    package var read: (_ path: String) -> Result<Content, Failure>
    /// The files in `directory` that match `pattern`, sorted. At most `limit` and one more.
    package var matches: (_ directory: String, _ pattern: String, _ limit: Int) -> Result<[String], Failure>

    package init(
        read: @escaping (String) -> Result<Content, Failure>,
        matches: @escaping (String, String, Int) -> Result<[String], Failure>
    ) {
        self.read = read
        self.matches = matches
    }
}

/// Reads a file and all that it includes.
struct SourceReader {
    static let depthLimit = 8
    static let fileLimit = 1000

    let files: FileAccess
    let context: DecodingContext
    private(set) var sources: [Source] = []
    /// By identity, so that two names of one file are one.
    private var seen: Set<String> = []
    /// The files whose includes are being followed, outermost first.
    private var chain: [(identity: String, file: String)] = []

    init(files: FileAccess, context: DecodingContext) {
        self.files = files
        self.context = context
    }

    mutating func readMain(_ path: String) {
        switch files.read(path) {
        case .failure(let failure):
            context.problems.add(Problem(file: path, message: failure.message), fileIndex: 0)
            context.isComplete = false
        case .success(let content):
            read(content, file: path, isMain: true)
        }
    }

    private mutating func read(_ content: FileAccess.Content, file: String, isMain: Bool) {
        seen.insert(content.identity)
        let index = sources.count
        let document = TOML.parse(content.bytes)
        sources.append(Source(file: file, index: index, isMain: isMain, document: document))
        let root = Place(file: file, fileIndex: index, position: document.root.position, path: [])
        for error in document.errors {
            var place = root
            place.position = error.position
            place.path = error.path
            context.problems.add(at: place, error.message, fix: error.fix)
            context.isComplete = false
        }
        chain.append((content.identity, file))
        for field in includes(of: document.root, at: root, isMain: isMain) { follow(field, from: file) }
        chain.removeLast()
    }

    /// `include` at the top of any file, and in `[daemon]` of the main one.
    private func includes(of root: TOML.Table, at place: Place, isMain: Bool) -> [Field] {
        var reader = TableReader(root, place: place, context: context)
        var fields: [Field] = []
        if isMain, let daemon = reader.field("daemon"), case .table(let table) = daemon.value.kind {
            var reader = TableReader(table, place: daemon.place, context: context)
            fields += reader.field("include")?.elements("an array of paths or patterns") ?? []
        }
        return fields + (reader.field("include")?.elements("an array of paths or patterns") ?? [])
    }

    private mutating func follow(_ field: Field, from file: String) {
        guard let pattern = field.string("a path or pattern") else { return }
        guard chain.count <= SourceReader.depthLimit else {
            field.problem(
                "includes are nested more than \(SourceReader.depthLimit) deep", fix: "include from higher up")
            return
        }
        let directory = directoryName(of: file)
        guard pattern.contains(where: { "*?[".contains($0) }) else {
            include(joinedPath(directory, pattern), for: field)
            return
        }
        switch files.matches(directory, pattern, SourceReader.fileLimit) {
        case .failure(let failure):
            field.problem(failure.message, fix: "correct the pattern or the permissions")
            context.isComplete = false
        case .success(let paths):
            for path in paths { include(path, for: field) }
        }
    }

    private mutating func include(_ path: String, for field: Field) {
        guard sources.count < SourceReader.fileLimit else {
            if context.isComplete {
                field.problem("more than \(SourceReader.fileLimit) files are included", fix: "include fewer")
            }
            context.isComplete = false
            return
        }
        switch files.read(path) {
        case .failure(let failure):
            field.problem(failure.message, fix: "correct the path or the permissions")
            context.isComplete = false
        case .success(let content):
            if let start = chain.firstIndex(where: { $0.identity == content.identity }) {
                let way = (chain[start...].map(\.file) + [path]).joined(separator: " → ")
                field.problem("include cycle: \(way)", fix: "remove one of these includes")
            } else if !seen.contains(content.identity) {
                read(content, file: path, isMain: false)
            }
        }
    }
}

/// The part of a path before its last "/"; "." when there is none.
func directoryName(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
