// The value of a monitor cannot be kept beyond its lock.
import Threading

final class Box {}

func keep(_ monitor: Monitor<Box>) {
    var kept: Box?
    monitor.withLock { kept = $0 }  // error: 'inout sending' parameter '$0' cannot be task-isolated
    print(kept as Any)
}
