import NIOCore

/// EXT-X-SKIP (RFC 8216bis §4.4.5.2): what a Playlist Delta Update leaves out.
public struct Skip: Sendable, Hashable {
    public var skippedSegments: Int

    /// Ids of date ranges that left the playlist lately; `nil` if the update has all date ranges.
    public var recentlyRemovedDateRanges: [String]?

    public init(skippedSegments: Int, recentlyRemovedDateRanges: [String]? = nil) {
        self.skippedSegments = skippedSegments
        self.recentlyRemovedDateRanges = recentlyRemovedDateRanges
    }

    func write(into buffer: inout ByteBuffer) {
        var attributes = AttributeWriter(tag: "#EXT-X-SKIP:", into: &buffer)
        attributes.write("SKIPPED-SEGMENTS=", integer: skippedSegments, into: &buffer)
        if let recentlyRemovedDateRanges {
            // Tabs delimit the ids, so they are written past the cleaning of quoted strings.
            attributes.write("RECENTLY-REMOVED-DATERANGES=", enumerated: "\"", into: &buffer)
            for (index, id) in recentlyRemovedDateRanges.enumerated() {
                if index > 0 { buffer.writeInteger(UInt8(ascii: "\t")) }
                for byte in id.utf8 where byte >= 0x20 && byte != 0x22 && byte != 0x7F { buffer.writeInteger(byte) }
            }
            buffer.writeInteger(UInt8(ascii: "\""))
        }
        buffer.writeNewline()
    }

    init(_ list: AttributeList) throws(PlaylistError) {
        skippedSegments = try list.requiredInteger("SKIPPED-SEGMENTS")
        recentlyRemovedDateRanges = list["RECENTLY-REMOVED-DATERANGES"].map { ids in
            ids.split(separator: "\t").map(String.init)
        }
    }
}
