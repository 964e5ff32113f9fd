import Subprocesses

extension Surroundings {
    /// Splits a command as a POSIX shell would.
    package static func shellWords(_ text: String) -> SplitCommand {
        do throws(ShellWords.SplitError) {
            return .words(try ShellWords.split(text))
        } catch {
            switch error {
            case .noClosingQuotation(let position): return .failure("the quote at character \(position) is not closed")
            case .noEscapedCharacter: return .failure("nothing follows the backslash at its end")
            }
        }
    }
}
