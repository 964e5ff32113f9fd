// TH-090: a timer's action has no arguments, so none can be shared between timers by mistake; and what it captures
// may not be changed by two threads.
import Threading

func share() throws {
    var list: [Int] = []
    _ = try Timer(after: .zero) { list.append(1) }  // error: mutation of captured var 'list'
}
