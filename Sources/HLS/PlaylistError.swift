/// Why a text is not a playlist that this module reads; `line` counts from 1.
public enum PlaylistError: Error, Sendable, Hashable {
    /// Not UTF-8, or more bytes than a playlist may have.
    case unreadable(String)
    /// The first line is not `#EXTM3U` (RFC 8216bis §4.4.1.1).
    case notAPlaylist
    /// A tag that may appear only once appears again.
    case repeatedTag(String, line: Int)
    /// Tags of multivariant and of media playlists in one text (§4.4.6): clients must refuse it.
    case mixedPlaylist(String, line: Int)
    /// A tag whose value or attributes break its definition.
    case invalidTag(String, reason: String, line: Int)
    /// A tag that must be there is not.
    case missingTag(String)
    /// A URI without the tag that must stand before it.
    case unexpectedURI(line: Int)
    /// Allowed by the standard, but not needed for audio and not read.
    case unsupported(String, line: Int)
    /// A delta update skips segments that the copy at hand does not have: load the whole playlist.
    case missingSkippedSegments(Range<Int>)
}

extension PlaylistError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let reason): "the playlist cannot be read: \(reason)"
        case .notAPlaylist: "not a playlist: the first line is not #EXTM3U"
        case .repeatedTag(let tag, let line): "line \(line): \(tag) may appear only once"
        case .mixedPlaylist(let tag, let line): "line \(line): \(tag) does not belong into this kind of playlist"
        case .invalidTag(let tag, let reason, let line): "line \(line): \(tag): \(reason)"
        case .missingTag(let tag): "\(tag) is missing"
        case .unexpectedURI(let line): "line \(line): a URI without EXTINF or EXT-X-STREAM-INF before it"
        case .unsupported(let what, let line): "line \(line): \(what) is not read"
        case .missingSkippedSegments(let range):
            "segments \(range.lowerBound) to \(range.upperBound - 1) were skipped and are not known; "
                + "load the whole playlist"
        }
    }
}
