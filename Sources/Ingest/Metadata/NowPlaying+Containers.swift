import AudioTimeline
import RTMP

extension NowPlaying {
    /// What a container's tags say, keys in lower case.
    init(tags: [String: String]) { self.init(title: tags["title"] ?? "", artist: tags["artist"] ?? "") }

    /// What RTMP and FLV say.
    init(_ metadata: StreamMetadata) {
        if metadata.title == nil, let both = metadata.streamTitle {
            self.init(streamTitle: both)
        } else {
            self.init(title: metadata.title ?? "", artist: metadata.artist ?? "")
        }
    }
}
