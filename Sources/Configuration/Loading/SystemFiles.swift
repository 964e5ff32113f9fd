import Glibc
import Linux

extension FileAccess {
    /// The files of this machine.
    package static var system: FileAccess {
        FileAccess(
            read: { path in
                do throws(SystemError) {
                    guard let content = try readFile(path) else {
                        return .failure(Failure(message: "cannot read \(path): it is not a regular file"))
                    }
                    return .success(content)
                } catch {
                    return .failure(Failure(message: error.description))
                }
            },
            matches: matchingFiles)
    }

    /// Nil for what is no regular file: reading a FIFO or a device could wait, or never end.
    private static func readFile(_ path: String) throws(SystemError) -> Content? {
        // Without O_NONBLOCK, opening a FIFO would wait for somebody to write to it.
        let raw = try retrying("open", path) { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        let descriptor = OwnedDescriptor(adopting: raw)
        var status = stat()
        _ = try retrying("examine", path) { fstat(descriptor.raw, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        // One byte past the limit is enough for the parser to see that the file is too large.
        while bytes.count <= TOML.sizeLimit {
            let count = try retrying("read", path) { Int32(Glibc.read(descriptor.raw, &buffer, buffer.count)) }
            if count == 0 { break }
            bytes += buffer[..<Int(count)]
        }
        return Content(bytes: bytes, identity: "\(status.st_dev):\(status.st_ino)")
    }

    private static func matchingFiles(
        in directory: String, pattern: String, limit: Int
    ) -> Result<[String], Failure> {
        // What the directory's own name has of glob's special characters means itself.
        let prefix = directory.map { "*?[]\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
        var found = glob_t()
        defer { globfree(&found) }
        // A directory that is not there matches nothing; one that cannot be read is an error.
        let isFatal: @convention(c) (UnsafePointer<CChar>?, Int32) -> Int32 = { _, code in
            code == ENOENT || code == ENOTDIR ? 0 : 1
        }
        switch glob(joinedPath(prefix, pattern), GLOB_NOSORT, isFatal, &found) {
        case 0: break
        case GLOB_NOMATCH: return .success([])
        case GLOB_NOSPACE: return .failure(Failure(message: "cannot search for \(pattern): out of memory"))
        default:
            let reason = SystemError.text(errno)
            return .failure(Failure(message: "cannot search for \(pattern) in \(directory): \(reason)"))
        }
        var paths: [String] = []
        for index in 0..<Int(found.gl_pathc) {
            if let path = found.gl_pathv[index] { paths.append(String(cString: path)) }
        }
        return .success(Array(paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.prefix(limit + 1)))
    }
}
