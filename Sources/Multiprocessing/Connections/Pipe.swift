import CLinux
import Linux

/// Makes two ends that are connected with each other: Python's `multiprocessing.Pipe`.
public enum Pipe {
    /// Two ends that both send and receive.
    ///
    /// - Throws: `ConnectionError.refused` if there are too many open files.
    public static func duplex() throws(ConnectionError) -> (Connection, Connection) {
        do {
            let (first, second) = try PacketSocket.pair()
            return (Connection(first), Connection(second))
        } catch {
            throw ConnectionError(error)
        }
    }

    /// One end that only receives and one that only sends: Python's `Pipe(duplex=False)`.
    ///
    /// - Throws: `ConnectionError.refused` if there are too many open files.
    public static func oneWay() throws(ConnectionError) -> (reader: Connection, writer: Connection) {
        do {
            let (first, second) = try PacketSocket.pair()
            // Whoever gets a descriptor that way cannot use it backwards either.
            shutdown(first.descriptor.raw, Int32(SHUT_WR))
            let reader = Connection(
                first, directions: .receive, isStream: false, isShared: false)
            let writer = Connection(second, directions: .send, isStream: false, isShared: false)
            return (reader, writer)
        } catch {
            throw ConnectionError(error)
        }
    }
}
