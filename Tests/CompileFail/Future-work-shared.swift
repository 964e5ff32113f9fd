// What work takes with it is given away to the pool, or Sendable.
import Futures

final class Note {
    var text = ""
}

func shareNote(_ pool: ThreadPoolExecutor) throws {
    let note = Note()
    _ = try pool.submit { note.text = "mine" }  // error: risks causing data races
    note.text = "yours"
}
