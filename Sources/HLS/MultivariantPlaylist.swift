public import NIOCore

/// A Multivariant Playlist of audio-only variants (RFC 8216bis §4.4.6).
public struct MultivariantPlaylist: Sendable, Hashable {
    /// EXT-X-STREAM-INF with its URI.
    public struct Variant: Sendable, Hashable {
        public var uri: String

        /// Peak bits a second, container included (see ``PeakBandwidth``); constant over the life of a stream.
        public var bandwidth: Int

        public var averageBandwidth: Int?

        /// Formats as in RFC 6381, such as `mp4a.40.2`.
        public var codecs: [String]

        public init(uri: String, bandwidth: Int, averageBandwidth: Int? = nil, codecs: [String]) {
            self.uri = uri
            self.bandwidth = bandwidth
            self.averageBandwidth = averageBandwidth
            self.codecs = codecs
        }
    }

    /// Players begin with the first one; it should be AAC-LC.
    public var variants: [Variant]

    /// Whether every segment can be decoded without another, which holds for audio.
    public var hasIndependentSegments: Bool

    public init(variants: [Variant], hasIndependentSegments: Bool = true) {
        self.variants = variants
        self.hasIndependentSegments = hasIndependentSegments
    }

    /// EXT-X-VERSION: nothing in this playlist needs more (RFC 8216bis §8).
    public var version: Int { 1 }

    public func write(into buffer: inout ByteBuffer) {
        buffer.writeString("#EXTM3U\n#EXT-X-VERSION:")
        buffer.writeDecimal(version)
        buffer.writeNewline()
        if hasIndependentSegments { buffer.writeString("#EXT-X-INDEPENDENT-SEGMENTS\n") }
        for variant in variants {
            var attributes = AttributeWriter(tag: "#EXT-X-STREAM-INF:", into: &buffer)
            attributes.write("BANDWIDTH=", integer: variant.bandwidth, into: &buffer)
            if let averageBandwidth = variant.averageBandwidth {
                attributes.write("AVERAGE-BANDWIDTH=", integer: averageBandwidth, into: &buffer)
            }
            attributes.write("CODECS=", quoted: variant.codecs.joined(separator: ","), into: &buffer)
            buffer.writeNewline()
            buffer.writeURILine(variant.uri)
        }
    }
}
