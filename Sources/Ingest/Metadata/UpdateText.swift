import AudioTimeline
import HTTPService
import NIOCore

/// What `mode=updinfo` says, in the charset that it names.
struct UpdateText {
    /// `nil` where it says nothing of what plays, only an address, say.
    let nowPlaying: NowPlaying?
    /// What the encoder's user should know of the charset.
    let note: String?

    init(_ query: HTTPQuery) {
        var note: String?
        let named = query["charset"].flatMap { $0.isEmpty ? nil : $0 }
        let charset = named.flatMap { Charset($0) }
        if named != nil, charset == nil {
            note = "The charset is not known: the text was read as UTF-8 or windows-1252."
        }
        func text(_ name: String) -> String? {
            guard let raw = query.rawValue(of: name) else { return nil }
            let bytes = Self.unescaped(raw)
            guard let charset else { return String(undeclared: bytes) }
            if let text = charset.decode(bytes) { return text }
            note = "The text is not of its charset: it was read as UTF-8 or windows-1252."
            return String(undeclared: bytes)
        }
        let (title, artist) = (text("title"), text("artist"))
        if title != nil || artist != nil {
            nowPlaying = NowPlaying(title: title ?? "", artist: artist ?? "").cleaned
        } else {
            nowPlaying = text("song").map { NowPlaying(streamTitle: $0).cleaned }
        }
        self.note = note
    }

    /// A `%` that begins no escape stands for itself: BUTT and others escape badly.
    private static func unescaped(_ raw: ByteBufferView) -> [UInt8] {
        var bytes: [UInt8] = []
        var index = raw.startIndex
        while index < raw.endIndex {
            let byte = raw[index]
            if byte == UInt8(ascii: "%"), index + 2 < raw.endIndex,
                let high = Character(Unicode.Scalar(raw[index + 1])).hexDigitValue,
                let low = Character(Unicode.Scalar(raw[index + 2])).hexDigitValue
            {
                bytes.append(UInt8(high * 16 + low))
                index += 3
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                index += 1
            }
        }
        return bytes
    }
}
