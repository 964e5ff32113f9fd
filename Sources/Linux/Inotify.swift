import CLinux

/// News about changed files and directories.
package struct Inotify: ~Copyable {
    package struct Changes: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let modified = Changes(rawValue: UInt32(IN_MODIFY))
        package static let attributes = Changes(rawValue: UInt32(IN_ATTRIB))
        package static let closedAfterWriting = Changes(rawValue: UInt32(IN_CLOSE_WRITE))
        package static let created = Changes(rawValue: UInt32(IN_CREATE))
        package static let deleted = Changes(rawValue: UInt32(IN_DELETE))
        package static let movedIn = Changes(rawValue: UInt32(IN_MOVED_TO))
        package static let movedOut = Changes(rawValue: UInt32(IN_MOVED_FROM))
        package static let selfDeleted = Changes(rawValue: UInt32(IN_DELETE_SELF))
        package static let selfMoved = Changes(rawValue: UInt32(IN_MOVE_SELF))
        /// The watch is gone; its number may be given out again.
        package static let watchEnded = Changes(rawValue: UInt32(IN_IGNORED))
        /// Some news was lost: look at everything again.
        package static let overflow = Changes(rawValue: UInt32(IN_Q_OVERFLOW))
    }

    package struct Event: Hashable, Sendable {
        /// The watch that it is about; -1 for an overflow.
        package let watch: Int32
        package let changes: Changes
        /// The entry of the watched directory, or empty for the watched file itself.
        package let name: String
    }

    private let descriptor: OwnedDescriptor
    private var buffer = [UInt8](repeating: 0, count: 16 * 1024)

    package init() throws(SystemError) {
        let raw = try retrying("create an inotify") { inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)) }
        descriptor = OwnedDescriptor(adopting: raw)
    }

    package var raw: Int32 { descriptor.raw }

    package borrowing func watch(_ path: String, _ changes: Changes) throws(SystemError) -> Int32 {
        let raw = descriptor.raw
        return try retrying("watch", path) { unsafe inotify_add_watch(raw, path, changes.rawValue) }
    }

    package borrowing func endWatch(_ watch: Int32) throws(SystemError) {
        let raw = descriptor.raw
        _ = try retrying("end a watch") { inotify_rm_watch(raw, watch) }
    }

    /// One batch of what has happened; empty when there is nothing more.
    package mutating func next() throws(SystemError) -> [Event] {
        guard case .moved(let length) = try descriptor.read(into: &buffer) else { return [] }
        var events: [Event] = []
        var start = 0
        // The kernel only hands out whole records, each with the length of its name.
        while start + MemoryLayout<inotify_event>.size <= length {
            let header = unsafe buffer.withUnsafeBytes {
                unsafe $0.loadUnaligned(fromByteOffset: start, as: inotify_event.self)
            }
            let nameStart = start + MemoryLayout<inotify_event>.size
            let end = min(nameStart + Int(header.len), length)
            let name = buffer[nameStart..<end].prefix { $0 != 0 }
            events.append(
                Event(
                    watch: header.wd, changes: Changes(rawValue: header.mask),
                    name: String(decoding: name, as: UTF8.self)))
            start = end
        }
        return events
    }
}
