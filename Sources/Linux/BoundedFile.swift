import CLinux

/// Small files and directories of the kernel (`/proc`, cgroups), read whole and never beyond a limit.
package enum BoundedFile {
    /// The bytes of a file.
    ///
    /// - Throws: `SystemError`; with `EFBIG` if there is more than `limit`.
    package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        // Opening a FIFO would otherwise wait for somebody to write to it.
        let flags = O_RDONLY | O_NONBLOCK
        let file = OwnedDescriptor(adopting: try retrying("open", path) { unsafe roost_open(path, flags, 0) })
        var bytes: [UInt8] = []
        // One more than the limit, to see that there is more. /proc reports a size of 0, so the file is not asked.
        while bytes.count <= limit {
            let start = bytes.count
            let room = min(max(4096, start), limit + 1 - start)
            bytes.append(contentsOf: repeatElement(0, count: room))
            let count = try retrying("read", path) {
                unsafe bytes.withUnsafeMutableBytes { buffer in
                    Int32(unsafe CLinux.read(file.raw, buffer.baseAddress! + start, room))
                }
            }
            bytes.removeLast(room - Int(count))
            if count == 0 { return bytes }
        }
        throw SystemError("read", path, errno: EFBIG)
    }

    /// The text of a file; bytes that are no UTF-8 are replaced.
    package static func readText(_ path: String, limit: Int) throws(SystemError) -> String {
        String(decoding: try read(path, limit: limit), as: UTF8.self)
    }

    /// Writes `text` to an existing file in one call, as kernel files want it.
    package static func write(_ text: String, to path: String) throws(SystemError) {
        let file = OwnedDescriptor(adopting: try retrying("open", path) { unsafe roost_open(path, O_WRONLY, 0) })
        var text = text
        _ = try retrying("write to", path) {
            text.withUTF8 { Int32(unsafe CLinux.write(file.raw, $0.baseAddress, $0.count)) }
        }
    }

    /// The names in a directory, without `.` and `..`, in the kernel's order.
    package static func names(in path: String) throws(SystemError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw .last("open the directory", path) }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while true {
            roost_set_errno(0)
            guard let entry = unsafe readdir(directory) else {
                let code = roost_errno()
                if code == 0 { return names }
                throw SystemError("read the directory", path, errno: code)
            }
            let name = unsafe String(cString: roost_entry_name(entry))
            if name != "." && name != ".." { names.append(name) }
        }
    }
}
