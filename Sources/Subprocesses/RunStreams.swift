/// Where a command that is run reads from.
public enum RunInput: Hashable, Sendable {
    /// The parent's standard input, or nothing if the parent has none.
    case inherit
    /// Nothing: the end of the file, at once.
    case null
    /// A file, opened by the parent.
    case file(String)
    /// A descriptor of the parent, which stays open there.
    case descriptor(Int32)
    /// These bytes, and then the end. A command that does not read them all is no error.
    case bytes([UInt8])

    /// This text in UTF-8, and then the end.
    public static func string(_ text: String) -> RunInput { .bytes(Array(text.utf8)) }

    var place: StandardInput {
        switch self {
        case .inherit: .inherit
        case .null: .null
        case .file(let path): .file(path)
        case .descriptor(let raw): .descriptor(raw)
        case .bytes: .pipe
        }
    }

    var bytes: [UInt8] {
        switch self {
        case .inherit, .null, .file, .descriptor: []
        case .bytes(let bytes): bytes
        }
    }
}

/// Where a command that is run writes to.
public enum RunOutput {
    /// The parent's own stream, or nowhere if the parent has none.
    case inherit
    /// Nowhere.
    case null
    /// A file, opened by the parent and made (0666 less the parent's umask) if it does not exist.
    case file(String, FileMode)
    /// A descriptor of the parent, which stays open there.
    case descriptor(Int32)
    /// Into the result. A command that writes more bytes than this is killed, and that is an error.
    case captured(limit: Int)
    /// To this function line by line, as they come, without their line feeds. Bytes that are no UTF-8 become U+FFFD; a
    /// line of more than 1 MiB comes in pieces. It is called by the thread that runs the command.
    case lines((String) -> Void)
    /// To this function as the bytes come, in pieces of any size. It is called by the thread that runs the command.
    case chunks(([UInt8]) -> Void)

    /// Into the result, up to 1 GiB.
    public static var capture: RunOutput { .captured(limit: Subprocess.captureLimit) }

    var place: StandardOutput {
        switch self {
        case .inherit: .inherit
        case .null: .null
        case .file(let path, let mode): .file(path, mode)
        case .descriptor(let raw): .descriptor(raw)
        case .captured, .lines, .chunks: .pipe
        }
    }

    var sink: Sink {
        switch self {
        case .inherit, .null, .file, .descriptor: Sink(.capture(limit: 0))
        case .captured(let limit): Sink(.capture(limit: limit))
        case .lines(let receive): Sink(.lines(receive))
        case .chunks(let receive): Sink(.chunks(receive))
        }
    }
}

/// Where a command that is run writes its diagnostics to.
public enum RunErrorOutput {
    /// To the place where its standard output goes, in the order in which they are written.
    case mergeWithOutput
    /// To a place of its own.
    case separate(RunOutput)

    /// The parent's own stream, or nowhere if the parent has none.
    public static var inherit: RunErrorOutput { .separate(.inherit) }
    /// Nowhere.
    public static var null: RunErrorOutput { .separate(.null) }
    /// Into the result, up to 1 GiB.
    public static var capture: RunErrorOutput { .separate(.capture) }
    /// Into the result. A command that writes more bytes than this is killed, and that is an error.
    public static func captured(limit: Int) -> RunErrorOutput { .separate(.captured(limit: limit)) }
    /// A file, opened by the parent.
    public static func file(_ path: String, _ mode: FileMode) -> RunErrorOutput { .separate(.file(path, mode)) }
    /// A descriptor of the parent.
    public static func descriptor(_ raw: Int32) -> RunErrorOutput { .separate(.descriptor(raw)) }
    /// To this function line by line.
    public static func lines(_ receive: @escaping (String) -> Void) -> RunErrorOutput { .separate(.lines(receive)) }

    var place: StandardError {
        switch self {
        case .mergeWithOutput: .mergeWithOutput
        case .separate(let output): .separate(output.place)
        }
    }

    var sink: Sink {
        switch self {
        case .mergeWithOutput: RunOutput.null.sink
        case .separate(let output): output.sink
        }
    }
}
