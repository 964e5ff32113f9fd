// The value of a monitor can only be touched with its lock held.
import Threading

func touch(_ monitor: Monitor<Int>) {
    monitor.value += 1  // error: 'value' is inaccessible due to 'private' protection level
}
