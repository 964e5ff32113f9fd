import Linux

extension LogFile {
    /// Opens the file at the path, creating it and its directory, and makes it the end of the chain.
    func open() throws(SystemError) -> SharedDescriptor {
        let descriptor: OwnedDescriptor
        let access: FileSystem.Access = followsLinks ? [.readAndWrite, .create] : [.readAndWrite, .create, .noFollow]
        do {
            descriptor = try FileSystem.open(path, access)
        } catch {
            guard let directory = FileSystem.parent(of: path), !FileSystem.exists(directory) else { throw error }
            try FileSystem.createDirectories(directory)
            descriptor = try FileSystem.open(path, access)
        }
        let status = try FileStatus(of: descriptor)
        try descriptor.seekToEnd()
        let isFirst = segments.isEmpty
        if segments.last?.inode != status.inode {
            let older = isFirst ? olderFiles() : survivors()
            let start = isFirst ? older.last?.range.upperBound ?? 0 : end
            segments = older + [Segment(inode: status.inode, start: start, length: status.size)]
        }
        rotationHeldUntil = 0
        let file = SharedDescriptor(descriptor)
        self.file = file
        return file
    }

    /// Puts the file aside as `path.1` and begins a new one.
    ///
    /// The new file exists before anything is renamed, so that a failure leaves a file to go on with; a crash between
    /// two renames leaves a gap in the numbers, which the next rotation closes without losing a file.
    ///
    /// - Returns: the new file, or nil when that failed: it was reported, and is tried again 64 KiB later.
    func rotate() throws(SystemError) -> SharedDescriptor? {
        do {
            let beginning = path + ".new"
            // What an earlier attempt left there goes, and so does a link by which somebody wants another file emptied.
            try FileSystem.remove(beginning)
            let descriptor = try FileSystem.open(beginning, [.readAndWrite, .create, .exclusive])
            let status = try FileStatus(of: descriptor)
            // The path is free if others have moved the file away, or an earlier attempt got no further than this.
            if rotation.keep > 0, FileSystem.exists(path) {
                let free = (1..<rotation.keep).first { !FileSystem.exists("\(path).\($0)") } ?? rotation.keep
                for number in stride(from: free - 1, to: 0, by: -1) {
                    try FileSystem.rename("\(path).\(number)", to: "\(path).\(number + 1)")
                }
                try FileSystem.rename(path, to: path + ".1")
            }
            try FileSystem.rename(beginning, to: path)
            segments.append(Segment(inode: status.inode, start: end, length: 0))
            segments.removeFirst(max(0, segments.count - rotation.keep - 1))
            rotationHeldUntil = 0
            let file = SharedDescriptor(descriptor)
            self.file = file
            return file
        } catch {
            rotationHeldUntil = segments[segments.count - 1].length + Self.lineSearch
            reportRotationFailure(error)
            return nil
        }
    }

    /// The files that an earlier daemon put aside, the oldest first.
    private func olderFiles() -> [Segment] {
        var start: Int64 = 0
        var found: [Segment] = []
        for number in stride(from: rotation.keep, to: 0, by: -1) {
            guard let status = try? FileStatus(path: "\(path).\(number)", followingLinks: followsLinks),
                status.kind == .regular
            else { continue }
            found.append(Segment(inode: status.inode, start: start, length: status.size))
            start += status.size
        }
        return found
    }

    /// Those of the known files that are still to be found under the names that rotation gives.
    private func survivors() -> [Segment] {
        let inodes = (1...max(rotation.keep, 1)).compactMap { try? FileStatus(path: "\(path).\($0)")?.inode }
        return segments.filter { inodes.contains($0.inode) }
    }

    /// Opens a file of the chain for reading; nil when it is gone.
    func openForReading(_ segment: Segment) -> SharedDescriptor? {
        if segment == segments.last { return file }
        for number in 1...max(rotation.keep, 1) {
            let access: FileSystem.Access = followsLinks ? [.read, .nonblocking] : [.read, .nonblocking, .noFollow]
            guard let descriptor = try? FileSystem.open("\(path).\(number)", access),
                let status = try? FileStatus(of: descriptor)
            else { continue }
            if status.inode == segment.inode { return SharedDescriptor(descriptor) }
        }
        return nil
    }
}
