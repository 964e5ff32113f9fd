// A promise is answered once: to answer uses it up.
import Futures

func answerTwice() {
    let promise = Promise<Int, Never>()  // error: 'promise' consumed more than once
    promise.fulfill(1)
    promise.fulfill(2)
}
