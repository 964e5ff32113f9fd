// TH-071: a thread that was not started does not exist, so nobody can join it or start it twice.
import Threading

func startTwice(_ thread: Thread<Int, Never>) {
    thread.start()  // error: has no member 'start'
}

let unstarted = Thread<Int, Never>()  // error: missing argument
