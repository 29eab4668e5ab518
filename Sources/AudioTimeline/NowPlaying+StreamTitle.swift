extension NowPlaying {
    /// Splits "Artist - Title" at the first " - ", as Icecast clients write it.
    public init(streamTitle text: String) {
        let separator = Array(" - ".utf8)
        let bytes = Array(text.utf8)
        let split = bytes.indices.first { bytes[$0...].starts(with: separator) }
        if let split, split > 0 {
            self.init(
                title: String(decoding: bytes[(split + separator.count)...], as: UTF8.self),
                artist: String(decoding: bytes[..<split], as: UTF8.self))
        } else {
            self.init(title: text)
        }
    }
}
