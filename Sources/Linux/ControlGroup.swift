import CLinux

/// A directory of cgroup v2: a set of processes that can be signalled as one and that none of them can leave.
package struct ControlGroup: Hashable, Sendable, CustomStringConvertible {
    /// The absolute path of the directory.
    package let path: String

    package init(path: String) {
        self.path = path
    }

    package var description: String { path }

    /// The file that changes (inotify `IN_MODIFY`, or `POLLPRI`) when the group becomes empty or is no longer.
    package var eventsPath: String { "\(path)/cgroup.events" }

    // MARK: - Finding

    /// The group that this process is in; nil on a machine, or in a container, without a usable cgroup v2.
    ///
    /// Understands pure (`/sys/fs/cgroup`) and hybrid (`/sys/fs/cgroup/unified`) mounts.
    package static func own() throws(SystemError) -> ControlGroup? {
        let mounts = try BoundedFile.readText("/proc/self/mountinfo", limit: 4 << 20)
        let membership = try BoundedFile.readText("/proc/self/cgroup", limit: 1 << 16)
        return own(mounts: mounts, membership: membership)
    }

    static func own(mounts: String, membership: String) -> ControlGroup? {
        // "0::/" also starts the path of a group that lies outside of our cgroup namespace: "0::/../x".
        guard let line = membership.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
        let group = line.dropFirst(3)
        guard !group.hasPrefix("/..") else { return nil }
        for mount in mounts.split(separator: "\n") {
            guard let (root, point) = controlGroupMount(mount) else { continue }
            if root == "/" { return ControlGroup(path: group == "/" ? point : point + group) }
            if group == root { return ControlGroup(path: point) }
            if group.hasPrefix(root + "/") { return ControlGroup(path: point + group.dropFirst(root.utf8.count)) }
        }
        return nil
    }

    /// Root and mount point of a line of mountinfo, if it is about cgroup v2.
    private static func controlGroupMount(_ line: Substring) -> (root: String, point: String)? {
        let fields = line.split(separator: " ")
        // Optional fields lie between the sixth and a lone dash; the type follows the dash.
        guard let dash = fields.dropFirst(6).firstIndex(of: "-"), dash + 1 < fields.count, fields[dash + 1] == "cgroup2"
        else { return nil }
        return (unescaped(fields[3]), unescaped(fields[4]))
    }

    /// mountinfo writes space, tab, newline and backslash as a backslash and three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether systemd has handed this group over to us (`Delegate=yes`): below it we may do as we like.
    package var isDelegated: Bool {
        ["trusted.delegate", "user.delegate"].contains { attribute in
            var value: UInt8 = 0
            return unsafe getxattr(path, attribute, &value, 1) == 1 && value == UInt8(ascii: "1")
        }
    }

    // MARK: - Making and unmaking

    /// The group of that name below this one, whether it exists or not.
    package func child(_ name: String) -> ControlGroup {
        precondition(!name.isEmpty && !name.contains("/") && name != "." && name != "..", "\(name) is no file name")
        return ControlGroup(path: path == "/" ? "/\(name)" : "\(path)/\(name)")
    }

    /// Makes a group below this one.
    ///
    /// A run needs a fresh group: one whose processes were once killed kills whatever is born in it later.
    ///
    /// - Throws: `EEXIST` if it exists.
    package func createChild(_ name: String) throws(SystemError) -> ControlGroup {
        let child = child(name)
        _ = try retrying("create the control group", child.path) { unsafe mkdir(child.path, 0o755) }
        return child
    }

    /// The group below this one, made if it does not exist yet.
    package func ensureChild(_ name: String) throws(SystemError) -> ControlGroup {
        do {
            return try createChild(name)
        } catch  where error.errno == EEXIST {
            return child(name)
        } catch {
            throw error
        }
    }

    /// Opens the directory, for a process to be born in it.
    package func open() throws(SystemError) -> OwnedDescriptor {
        let raw = try retrying("open the control group", path) {
            unsafe roost_open(path, O_RDONLY | O_DIRECTORY, 0)
        }
        return OwnedDescriptor(adopting: raw)
    }

    /// Removes the group and the empty ones that its processes made below it.
    ///
    /// - Throws: `EBUSY` while a live process is in it.
    package func remove() throws(SystemError) {
        try remove(depth: 0)
    }

    private func remove(depth: Int) throws(SystemError) {
        // The kernel's own limit on nesting is far deeper, but nobody nests so deep in earnest.
        guard depth < 32 else { throw SystemError("remove the control group", path, errno: ELOOP) }
        if unsafe rmdir(path) == 0 { return }
        let error = SystemError.last("remove the control group", path)
        if error.errno == ENOENT { return }
        let children = error.errno == EBUSY ? try subgroups() : []
        guard !children.isEmpty else { throw error }
        for child in children { try child.remove(depth: depth + 1) }
        _ = try retrying("remove the control group", path) { unsafe rmdir(path) }
    }

    /// The groups directly below this one, in the kernel's order.
    package func subgroups() throws(SystemError) -> [ControlGroup] {
        try BoundedFile.names(in: path).filter { name in
            var status = stat()
            return unsafe lstat("\(path)/\(name)", &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR)
        }.map { ControlGroup(path: "\(path)/\($0)") }
    }

    // MARK: - The processes in it

    /// Sends SIGKILL to every process in the group and below, as one act that no fork can outrun.
    ///
    /// - Throws: `ENOENT` on kernels before 5.14.
    package func kill() throws(SystemError) {
        try BoundedFile.write("1", to: "\(path)/cgroup.kill")
    }

    /// Whether a live process is in the group or below. A process that has ended counts no more, collected or not.
    package func isPopulated() throws(SystemError) -> Bool {
        try BoundedFile.readText(eventsPath, limit: 4096).split(separator: "\n").contains("populated 1")
    }

    /// The processes in the group itself, not below; unsorted.
    package func processes() throws(SystemError) -> [Int32] {
        try BoundedFile.readText("\(path)/cgroup.procs", limit: 32 << 20).split(separator: "\n").compactMap {
            Int32($0)
        }
    }

    /// The processes in the group and in all groups below.
    package func allProcesses() throws(SystemError) -> [Int32] {
        var found: [Int32] = []
        var groups = [self]
        while let group = groups.popLast() {
            found += try group.processes()
            groups += try group.subgroups()
        }
        return found
    }
}
