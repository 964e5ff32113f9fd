// Several threads may get the result of a future, so it must be Sendable.
import Futures

final class Note {
    var text = ""
}

func submitNote(_ pool: ThreadPoolExecutor) throws {
    _ = try pool.submit { Note() }  // error: type 'Note' does not conform to the 'Sendable' protocol
}
