import NIOCore

/// What was last set up on each audio track, so that repetitions are told from changes.
struct AudioTrackMemory: Sendable {
    enum Verdict: Equatable {
        case pass
        /// Says nothing new.
        case drop
        /// Cannot be decoded without a sequence header.
        case headerMissing
        case tooManyTracks
    }

    private struct Track: Sendable {
        let number: Int
        var codec: FLVAudioCodec?
        var header: ByteBuffer?
    }

    static let maximumTracks = 8
    private var tracks: [Track] = []

    mutating func judge(_ tag: AudioTag) -> Verdict {
        guard let index = index(of: tag.track) else { return .tooManyTracks }
        switch tag.payload {
        case .sequenceHeader(let codec, let header):
            if tracks[index].codec == codec, tracks[index].header == header { return .drop }
            tracks[index].codec = codec
            tracks[index].header = header
        case .frame(let codec, _):
            if tracks[index].codec != codec {
                tracks[index].codec = codec
                tracks[index].header = nil
            }
            if codec.needsSequenceHeader, tracks[index].header == nil { return .headerMissing }
        case .end:
            tracks[index].codec = nil
            tracks[index].header = nil
        case .multichannelConfiguration: break
        }
        return .pass
    }

    /// Whether a sequence header of that codec is in force.
    func hasHeader(of codec: FLVAudioCodec, on track: Int) -> Bool {
        tracks.contains { $0.number == track && $0.codec == codec && $0.header != nil }
    }

    private mutating func index(of track: Int) -> Int? {
        if let index = tracks.firstIndex(where: { $0.number == track }) { return index }
        guard tracks.count < Self.maximumTracks else { return nil }
        tracks.append(Track(number: track))
        return tracks.count - 1
    }
}
