import Linux

extension SharedRegion {
    /// Passes the region's descriptor along with what is encoded.
    func encode(to encoder: any Encoder) throws { try encoder.pass(descriptor) }

    /// Maps the region whose descriptor came along with what is decoded.
    convenience init(
        from decoder: any Decoder, _ kind: Kind, size: (Shape) -> Int?, ring: (Shape) -> Int = { _ in 0 }
    ) throws {
        try self.init(decoder.takeDescriptor(), kind, size: size, ring: ring)
    }
}
