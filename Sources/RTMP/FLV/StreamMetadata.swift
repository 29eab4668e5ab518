import NIOCore

/// What an encoder says about its stream: hints for display, never needed to begin.
///
/// All text is one line, without control characters and at most 512 characters long.
public struct StreamMetadata: Sendable, Hashable {
    public var title: String?
    public var artist: String?
    /// Artist and title in one, as Icecast clients write it.
    public var streamTitle: String?
    /// Name and version of the encoder's software.
    public var encoder: String?

    public init(title: String? = nil, artist: String? = nil, streamTitle: String? = nil, encoder: String? = nil) {
        self.title = title
        self.artist = artist
        self.streamTitle = streamTitle
        self.encoder = encoder
    }

    /// Reads a data message; nil when it is none about the stream.
    init?(dataMessage: ByteBuffer) throws(AMFError) {
        var reader = AMF0Reader(dataMessage)
        guard var name = try reader.next()?.string else { throw .unexpectedType }
        if name == "@setDataFrame" {
            guard let inner = try reader.next()?.string else { throw .unexpectedType }
            name = inner
        }
        guard name == "onMetaData" || name == "onTextData", let object = try reader.next()?.object else { return nil }
        self.init(
            title: object.text("title"), artist: object.text("artist"),
            streamTitle: object.text("StreamTitle", "streamTitle"),
            encoder: object.text("encoder", "Encoder", "encodername"))
    }
}

extension AMFObject {
    /// The first of these properties that is a text, ready for display.
    fileprivate func text(_ names: String...) -> String? {
        for name in names {
            guard let text = self[name]?.string?.displayText(maximumCount: 512), !text.isEmpty else { continue }
            return text
        }
        return nil
    }
}
