// FU-026: only whoever holds the promise can answer; in Python everybody can set a future's result, at any time.
import Futures

func answer(_ future: Future<Int, Never>) {
    future.fulfill(1)  // error: has no member 'fulfill'
    future.outcome = .success(1)  // error: 'outcome' is inaccessible due to 'internal' protection level
}
