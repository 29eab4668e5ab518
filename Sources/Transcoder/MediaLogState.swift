import AudioTimeline
import MessageBus
import NIOCore

/// What a worker learns from the log before it may speak.
struct MediaLogState: Sendable {
    var filter = MediaLogFilter()
    var nowPlaying = NowPlaying.nothing

    mutating func read(_ payload: ByteBuffer) throws(WireError) {
        guard let entry = filter.accept(try MediaLogEntry(decoding: payload)) else { return }
        if case .bundle(let bundle) = entry, let playing = bundle.nowPlaying { nowPlaying = playing }
    }
}
