/// What decoding asks of the machine: passed in, so that decoding itself is pure and tests need no users or files.
package struct Surroundings {
    /// Where relative paths of `[daemon]` start: the absolute directory of the main file.
    package var mainDirectory: String
    package var userExists: (String) -> Bool
    package var groupExists: (String) -> Bool
    package var splitCommand: (String) -> SplitCommand
    /// Asked about executables and directories that do not have to exist yet. Nil leaves them unchecked.
    package var finding: ((String) -> Finding)?

    package enum SplitCommand: Equatable {
        case words([String])
        /// Why the text cannot be split, such as "a quote is not closed".
        case failure(String)
    }

    /// What is at a path.
    package enum Finding: Equatable {
        case missing
        case directory
        case executable
        case otherFile
    }

    package init(
        mainDirectory: String, userExists: @escaping (String) -> Bool, groupExists: @escaping (String) -> Bool,
        splitCommand: @escaping (String) -> SplitCommand, finding: ((String) -> Finding)? = nil
    ) {
        self.mainDirectory = mainDirectory
        self.userExists = userExists
        self.groupExists = groupExists
        self.splitCommand = splitCommand
        self.finding = finding
    }
}

/// What all readers of one configuration share.
final class DecodingContext {
    let surroundings: Surroundings
    let problems = ProblemList()
    /// False when a file could not be read to its end: what seems to be missing may stand in the unread part.
    var isComplete = true

    init(surroundings: Surroundings) { self.surroundings = surroundings }
}
