import Linux
import Synchronization

/// How other threads talk to the thread of an event loop: a bounded queue of messages.
///
/// Only values that may cross threads go in; what is done with them happens on the loop's thread.
package final class Mailbox<Message: Sendable>: Sendable {
    /// How many messages may wait.
    package let capacity: Int

    private let messages = Mutex<[Message]>([])
    private let bell: EventDescriptor

    init(capacity: Int) throws(SystemError) {
        self.capacity = capacity
        bell = try EventDescriptor()
    }

    var bellDescriptor: Int32 { bell.raw }

    /// Leaves a message, from any thread, and never waits.
    ///
    /// - Returns: false when the mailbox is full; the message is then not delivered.
    package func post(_ message: Message) -> Bool {
        let (accepted, mustRing) = messages.withLock { messages in
            guard messages.count < capacity else { return (false, false) }
            messages.append(message)
            return (true, messages.count == 1)
        }
        // Who finds others waiting need not ring: the loop takes all of them at once.
        if mustRing { bell.signal() }
        return accepted
    }

    /// Takes everything that has been posted so far.
    func takeAll() -> [Message] {
        bell.drain()
        return messages.withLock { messages in
            let taken = messages
            messages.removeAll()
            return taken
        }
    }
}
