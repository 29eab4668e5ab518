public import NIOCore

/// A playlist of either kind, as read.
public enum Playlist: Sendable, Hashable {
    case media(MediaPlaylist)
    case multivariant(MultivariantPlaylist)

    /// Longer texts are refused: a day of segments with dates takes 5 MB.
    public static let byteCountMax = 16 * 1024 * 1024

    /// Playlists with more segments, or with more parts, date ranges or variants, are refused.
    public static let entryCountMax = 500_000

    /// Reads what is readable in `text`.
    public static func parse(_ text: ByteBuffer) throws(PlaylistError) -> Playlist {
        guard text.readableBytes <= byteCountMax else {
            throw .unreadable("it has more than \(byteCountMax) bytes")
        }
        guard let string = String(validating: text.readableBytesView, as: UTF8.self) else {
            throw .unreadable("it is not UTF-8")
        }
        return try parse(string)
    }

    /// Reads a playlist; tags and attributes that are not known are ignored (RFC 8216bis §6.3.1).
    public static func parse(_ text: String) throws(PlaylistError) -> Playlist {
        var parser = PlaylistParser()
        var number = 0
        var rest = text[...]
        while !rest.isEmpty {
            number += 1
            let end = rest.utf8.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            var line = rest[..<end]
            if line.utf8.last == UInt8(ascii: "\r") { line = line[..<line.utf8.index(before: line.endIndex)] }
            try parser.read(line, number: number)
            rest = end < rest.endIndex ? rest[rest.utf8.index(after: end)...] : ""
        }
        return try parser.finish()
    }
}

extension MediaPlaylist {
    /// Reads a media playlist; a multivariant one is an error.
    public init(parsing text: ByteBuffer) throws(PlaylistError) {
        guard case .media(let playlist) = try Playlist.parse(text) else {
            throw .missingTag("#EXT-X-TARGETDURATION")
        }
        self = playlist
    }
}

extension MultivariantPlaylist {
    /// Reads a multivariant playlist; a media playlist is an error.
    public init(parsing text: ByteBuffer) throws(PlaylistError) {
        guard case .multivariant(let playlist) = try Playlist.parse(text) else {
            throw .missingTag("#EXT-X-STREAM-INF")
        }
        self = playlist
    }
}
