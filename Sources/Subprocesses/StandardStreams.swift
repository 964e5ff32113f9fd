/// Where a child reads from.
public enum StandardInput: Hashable, Sendable {
    /// The parent's standard input, or nothing if the parent has none.
    case inherit
    /// Nothing: the end of the file, at once.
    case null
    /// A file, opened by the parent. A FIFO is opened in both directions, so that the parent need not wait for a
    /// writer; the child then waits for one whenever it reads.
    case file(String)
    /// A descriptor of the parent, which stays open there.
    case descriptor(Int32)
    /// A new pipe, whose other end is the parent's: `Subprocess.standardInput`.
    case pipe
}

/// Where a child writes to.
public enum StandardOutput: Hashable, Sendable {
    /// The parent's own stream, or nowhere if the parent has none.
    case inherit
    /// Nowhere.
    case null
    /// A file, opened by the parent and made (0666 less the parent's umask) if it does not exist.
    case file(String, FileMode)
    /// A descriptor of the parent, which stays open there.
    case descriptor(Int32)
    /// A new pipe, whose other end is the parent's: `Subprocess.standardOutput` or `standardError`.
    case pipe
}

/// Where a child writes its diagnostics to.
public enum StandardError: Hashable, Sendable {
    /// To the place where its standard output goes.
    case mergeWithOutput
    /// To a place of its own.
    case separate(StandardOutput)

    /// The parent's own stream, or nowhere if the parent has none.
    public static var inherit: StandardError { .separate(.inherit) }
    /// Nowhere.
    public static var null: StandardError { .separate(.null) }
    /// A new pipe.
    public static var pipe: StandardError { .separate(.pipe) }
    /// A file, opened by the parent.
    public static func file(_ path: String, _ mode: FileMode) -> StandardError { .separate(.file(path, mode)) }
    /// A descriptor of the parent.
    public static func descriptor(_ raw: Int32) -> StandardError { .separate(.descriptor(raw)) }
}

/// What happens to the content that a file already has.
public enum FileMode: Hashable, Sendable {
    /// It stays, and everything is added at its end.
    case append
    /// It is lost.
    case truncate
}
