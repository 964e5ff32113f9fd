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
    /// Those about tasks, apart: a busy queue has thousands a minute, and must not push out what `why` looks for.
    private var taskEntries: Deque<Entry> = []
    /// The number of the newest entry; 0 before the first.
    package private(set) var latest: UInt64 = 0
    /// The number of the newest entry that is no longer here; 0 before the first.
    private var lost: UInt64 = 0

    package init(capacity: Int = EventJournal.defaultCapacity) {
        precondition(capacity > 0, "a journal has room")
        self.capacity = capacity
    }

    /// From this number on all entries are here.
    package var oldest: UInt64 { lost + 1 }

    /// Adds an entry; the oldest of its kind makes room for it.
    package mutating func append(_ announcement: Announcement, at time: Timestamp) -> Entry {
        latest += 1
        let entry = Entry(seq: latest, time: time, announcement: announcement)
        if announcement.task == nil {
            append(entry, to: \.entries)
        } else {
            append(entry, to: \.taskEntries)
        }
        return entry
    }

    private mutating func append(_ entry: Entry, to list: WritableKeyPath<EventJournal, Deque<Entry>>) {
        if self[keyPath: list].count == capacity, let oldest = self[keyPath: list].popFirst() {
            lost = max(lost, oldest.seq)
        }
        self[keyPath: list].append(entry)
    }

    /// What came after the entry of this number, as far as it is here, and whether some of it is not.
    ///
    /// A number that was never given out is of an earlier roostd: all is new to who asks, and some was missed.
    package func entries(after seq: UInt64) -> (entries: [Entry], missed: Bool) {
        if seq > latest { return (merged(after: 0), true) }
        return (merged(after: seq), seq < lost)
    }

    private func merged(after seq: UInt64) -> [Entry] {
        var result: [Entry] = []
        var tasks = taskEntries.drop { $0.seq <= seq }
        for entry in entries.drop(while: { $0.seq <= seq }) {
            while let task = tasks.first, task.seq < entry.seq {
                result.append(task)
                tasks = tasks.dropFirst()
            }
            result.append(entry)
        }
        return result + tasks
    }

    /// The last entries about one task, the oldest first. O(n) in what is kept.
    package func recent(_ task: TaskID, limit: Int) -> [Entry] {
        taskEntries.reversed().lazy.filter { $0.announcement.task == task }.prefix(limit).reversed()
    }

    /// The last entries about one instance, the oldest first. O(n) in what is kept.
    package func recent(_ instance: InstanceID, limit: Int) -> [Entry] {
        entries.reversed().lazy.filter { $0.announcement.instance == instance }.prefix(limit).reversed()
    }
}
