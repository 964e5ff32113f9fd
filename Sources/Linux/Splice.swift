import CLinux

/// Moves bytes from a pipe to another descriptor inside the kernel.
///
/// The bytes leave the pipe and reach the target in one step, so that a process killed at any instant loses none.
/// It never waits for the pipe; a target that is not a regular file must be nonblocking itself.
///
/// - Throws: `EINVAL` for a target that cannot be spliced to: one opened with `O_APPEND`, and some devices.
package func splice(
    from pipe: borrowing OwnedDescriptor, to target: borrowing OwnedDescriptor, atMost limit: Int
) throws(SystemError) -> Transfer {
    let source = pipe.raw
    let destination = target.raw
    return try transferring("splice") {
        CLinux.splice(source, nil, destination, nil, limit, UInt32(SPLICE_F_MOVE | SPLICE_F_NONBLOCK))
    }
}

/// Copies bytes from one pipe to another without taking them out of the first. It waits for neither.
package func tee(
    from pipe: borrowing OwnedDescriptor, to copy: borrowing OwnedDescriptor, atMost limit: Int
) throws(SystemError) -> Transfer {
    let source = pipe.raw
    let destination = copy.raw
    return try transferring("tee") { CLinux.tee(source, destination, limit, UInt32(SPLICE_F_NONBLOCK)) }
}
