import Linux

extension SharedRegion {
    /// Passes the region's descriptor along with what is encoded.
    func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(
            self, .init(codingPath: encoder.codingPath, debugDescription: "no descriptors here"))
    }

    /// Maps the region whose descriptor came along with what is decoded.
    convenience init(
        from decoder: any Decoder, _ kind: Kind, size: (Shape) -> Int?, ring: (Shape) -> Int = { _ in 0 }
    ) throws {
        throw DecodingError.dataCorrupted(
            .init(codingPath: decoder.codingPath, debugDescription: "no descriptors here"))
    }
}
