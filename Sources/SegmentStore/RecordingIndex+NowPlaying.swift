extension RecordingIndex {
    /// Changes of what played that an index keeps: a song in three minutes for eight days.
    static let nowPlayingLimit = 4_000
    /// Bytes of their titles and artists. The index is written anew with each segment.
    static let nowPlayingByteLimit = 256 << 10

    /// Adds a change unless it tells what played anyway. Beyond the limits the oldest is forgotten, and counted.
    public mutating func add(_ change: NowPlayingChange) {
        if let last = nowPlaying.last, last.title == change.title, last.artist == change.artist { return }
        nowPlaying.append(change)
        var bytes = nowPlaying.reduce(0) { $0 + $1.byteCount }
        var excess = max(0, nowPlaying.count - Self.nowPlayingLimit)
        for old in nowPlaying.prefix(excess) { bytes -= old.byteCount }
        while bytes > Self.nowPlayingByteLimit, excess < nowPlaying.count - 1 {
            bytes -= nowPlaying[excess].byteCount
            excess += 1
        }
        nowPlaying.removeFirst(excess)
        forgottenNowPlaying += excess
    }
}

extension RecordingIndex.NowPlayingChange {
    fileprivate var byteCount: Int { title.utf8.count + artist.utf8.count }
}
