// The value of a monitor cannot be kept by the predicate of a wait, either.
import Threading

final class Box {}

func keep(_ monitor: Monitor<Box>) {
    var kept: Box?
    monitor.wait(
        timeout: .zero,
        until: { value in
            kept = value
            return true  // error: 'inout sending' parameter 'value' cannot be task-isolated
        })
    print(kept as Any)
}
