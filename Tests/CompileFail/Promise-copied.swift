// There is one promise for a future, so it cannot be copied, and it cannot be begun without being owned.
import Futures

func copy(_ promise: borrowing Promise<Int, Never>) {
    let other = copy promise  // error: 'copy' cannot be applied to noncopyable types
    other.fulfill(1)
}

func begin(_ promise: borrowing Promise<Int, Never>) -> Bool {
    promise.begin()  // error: cannot use mutating member on immutable value
}
