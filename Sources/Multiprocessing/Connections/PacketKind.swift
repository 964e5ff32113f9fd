/// What a packet begins with, so that none is empty: an empty one would look like the end.
///
/// A message is one packet, whatever its size: the kernel keeps packets whole, so any number of processes may send and
/// receive at the same end, and nothing has to be locked. A message that is too large for a packet goes as a sealed
/// file in memory, passed along with a packet that says so. Such a packet is filled up, so that only a few can be on
/// their way at a time: the memory that nobody has received yet stays bounded.
enum PacketKind {
    static let whole: UInt8 = 1
    static let inMemoryFile: UInt8 = 2

    /// The most bytes of a message that go within the packet.
    static let longestWhole = 64 << 10
    /// The kind, the length of the message in 8 bytes, and zeroes.
    static let largeHeader = 9
    static let largePacket = 32 << 10
    /// Room for any packet.
    static let bufferSize = longestWhole + 64
    /// A message in memory takes one descriptor for itself.
    static let mostDescriptors = 252
    /// Room that is kept before a message, for what either kind of connection puts there.
    static let headroom = 8
}
