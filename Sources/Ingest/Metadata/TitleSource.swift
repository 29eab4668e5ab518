import AudioTimeline

/// Who tells what plays.
enum TitleSource: Sendable, Equatable {
    /// The container of the audio: Vorbis comments, `onMetaData`.
    case container
    /// A request beside the audio, as Icecast clients make it.
    case request
}

/// What plays, and who told it.
struct Title: Sendable, Equatable {
    var nowPlaying: NowPlaying
    var source: TitleSource

    static let unknown = Title(nowPlaying: .nothing, source: .request)

    /// A song without tags clears the tags of the one before. It does not clear what a request told: containers of
    /// encoders that make such requests have no tags at all.
    ///
    /// - Returns: whether `next` counts.
    mutating func replace(with next: Title) -> Bool {
        if next.source == .container, next.nowPlaying.isEmpty, source == .request { return false }
        self = next
        return true
    }
}
