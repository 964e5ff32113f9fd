package import ControlProtocol
import DequeModule
package import SupervisorCore

/// The latest announcements, numbered, so that subscribers can resume and `why` can look back.
package struct EventJournal {
    package struct Entry {
        package let seq: UInt64
        package let time: Timestamp
        package let announcement: Announcement

        package var notification: EventNotification { EventNotification(seq: seq, time: time, announcement) }
    }

    package static let defaultCapacity = 4096

    package let capacity: Int
    private var entries: Deque<Entry> = []
    /// The number of the newest entry; 0 before the first.
    package private(set) var latest: UInt64 = 0

    package init(capacity: Int = EventJournal.defaultCapacity) {
        precondition(capacity > 0, "a journal has room")
        self.capacity = capacity
    }

    /// The number of the oldest entry that is still here, or of the next one when none is.
    package var oldest: UInt64 { latest - UInt64(entries.count) + 1 }

    /// Adds an entry; the oldest makes room for it.
    package mutating func append(_ announcement: Announcement, at time: Timestamp) -> Entry {
        latest += 1
        let entry = Entry(seq: latest, time: time, announcement: announcement)
        if entries.count == capacity { entries.removeFirst() }
        entries.append(entry)
        return entry
    }

    /// What came after the entry of this number, and whether some of it is no longer here.
    ///
    /// A number that was never given out is of an earlier roostd: all is new to who asks, and some was missed.
    package func entries(after seq: UInt64) -> (entries: [Entry], missed: Bool) {
        if seq > latest { return (Array(entries), true) }
        let missed = seq + 1 < oldest
        let known = missed ? 0 : Int(seq + 1 - oldest)
        return (Array(entries.dropFirst(known)), missed)
    }

    /// The last entries about one task, the oldest first. O(n) in what is kept.
    package func recent(_ task: TaskID, limit: Int) -> [Entry] {
        entries.reversed().lazy.filter { $0.announcement.task == task }.prefix(limit).reversed()
    }

    /// The last entries about one instance, the oldest first. O(n) in what is kept.
    package func recent(_ instance: InstanceID, limit: Int) -> [Entry] {
        entries.reversed().lazy.filter { $0.announcement.instance == instance }.prefix(limit).reversed()
    }
}
