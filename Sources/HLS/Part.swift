import NIOCore

/// A Partial Segment, EXT-X-PART (RFC 8216bis §4.4.4.9).
public struct Part: Sendable, Hashable {
    public var uri: String
    public var durationSamples: Int

    /// Whether a player can start with it. Every audio part is independent, and says so: some players start only
    /// where it is said.
    public var isIndependent: Bool

    public var isGap: Bool

    public init(uri: String, durationSamples: Int, isIndependent: Bool = true, isGap: Bool = false) {
        self.uri = uri
        self.durationSamples = durationSamples
        self.isIndependent = isIndependent
        self.isGap = isGap
    }

    func write(into buffer: inout ByteBuffer) {
        // The most frequent tag by far, so its attributes are written without a list's bookkeeping.
        buffer.writeString("#EXT-X-PART:DURATION=")
        buffer.writeSeconds(samples: durationSamples)
        buffer.writeString(",URI=")
        buffer.writeQuoted(uri)
        if isIndependent { buffer.writeString(",INDEPENDENT=YES") }
        if isGap { buffer.writeString(",GAP=YES") }
        buffer.writeNewline()
    }

    init(_ list: AttributeList) throws(PlaylistError) {
        guard list["BYTERANGE"] == nil else { throw list.unsupported("a part that is a byte range") }
        uri = try list.required("URI")
        durationSamples = try list.requiredSamples("DURATION")
        isIndependent = list["INDEPENDENT"] == "YES"
        isGap = list["GAP"] == "YES"
    }
}
