import Glibc
import Linux
import Reactor

/// Tells when the last process of a cgroup is gone.
final class GroupWatch {
    private let file: SharedDescriptor
    private let loop: EventLoop
    private var source: EventLoop.Source?

    /// - Parameter isEmpty: is called once, in a later turn of the loop; not after `end()`.
    init(_ group: ControlGroup, on loop: EventLoop, _ isEmpty: @escaping () -> Void) throws(SystemError) {
        self.loop = loop
        file = SharedDescriptor(try FileSystem.open(group.eventsPath, .read))
        // A file of which nothing was read yet has news at once, so what is true already is told like what comes.
        source = try loop.add(file.descriptor.raw, .urgent, priority: .exits) { [unowned self] _ in
            guard !isPopulated() else { return }
            end()
            isEmpty()
        }
    }

    func end() {
        if let source { loop.remove(source) }
        source = nil
    }

    /// Reading also makes the kernel tell of the next change. What cannot be read is gone.
    private func isPopulated() -> Bool {
        guard let bytes = try? file.descriptor.read(4096, at: 0) else { return false }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains("populated 1")
    }
}
