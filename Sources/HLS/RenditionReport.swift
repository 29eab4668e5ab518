import NIOCore

/// EXT-X-RENDITION-REPORT (RFC 8216bis §4.4.5.4): how far another media playlist of the presentation is.
///
/// Both numbers are always written: parsers trip over what may be left out.
public struct RenditionReport: Sendable, Hashable {
    /// Relative to the playlist that holds the report; resolves to exactly the URL that the variant has.
    public var uri: String

    /// Media sequence number of the segment that the last part (or, without parts, the last segment) belongs to.
    public var lastMediaSequence: Int

    /// Index of the last part in it; `nil` for playlists without parts.
    public var lastPart: Int?

    public init(uri: String, lastMediaSequence: Int, lastPart: Int?) {
        self.uri = uri
        self.lastMediaSequence = lastMediaSequence
        self.lastPart = lastPart
    }

    func write(into buffer: inout ByteBuffer) {
        var attributes = AttributeWriter(tag: "#EXT-X-RENDITION-REPORT:", into: &buffer)
        attributes.write("URI=", quoted: uri, into: &buffer)
        attributes.write("LAST-MSN=", integer: lastMediaSequence, into: &buffer)
        if let lastPart { attributes.write("LAST-PART=", integer: lastPart, into: &buffer) }
        buffer.writeNewline()
    }

    init(_ list: AttributeList) throws(PlaylistError) {
        uri = try list.required("URI")
        lastMediaSequence = try list.requiredInteger("LAST-MSN")
        lastPart = try list.integer("LAST-PART")
    }
}
