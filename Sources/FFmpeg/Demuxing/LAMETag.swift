import AudioTimeline

/// What LAME, and libavformat in its stead, writes of an MP3 file's length behind `Xing` or `Info`, in the first frame.
struct LAMETag: Equatable {
    /// Frames of audio, without the one that holds the tag; `nil` when the file does not say.
    let frameCount: Int64?
    /// Samples that the encoder put in front, without the decoder's own delay.
    let delay: Int64
    /// Samples with which the encoder filled up the end.
    let padding: Int64

    /// - Parameter bytes: from `Xing` or `Info` to the end of the frame.
    /// - Returns: `nil` when the tag holds no lengths.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 8, bytes.starts(with: "Xing".utf8) || bytes.starts(with: "Info".utf8) else { return nil }
        let flags = bytes[7]
        frameCount =
            flags & 1 == 1 && bytes.count >= 12 ? bytes[8..<12].reduce(0) { $0 << 8 | Int64($1) } : nil
        // Frames, bytes, table of contents, quality.
        let fields = [4, 4, 100, 4].enumerated().reduce(8) {
            $0 + (flags >> UInt8($1.offset) & 1 == 1 ? $1.element : 0)
        }
        guard bytes.count >= fields + 24,
            ["LAME", "Lavf", "Lavc"].contains(where: { bytes[fields...].starts(with: $0.utf8) })
        else { return nil }
        let lengths = bytes[(fields + 21)..<(fields + 24)].reduce(0) { $0 << 8 | Int64($1) }
        delay = lengths >> 12
        padding = lengths & 0xFFF
    }
}

/// Counts through the frames of a file whose lengths are known.
struct MPEGAudioTrack {
    /// What a decoder of layer III is late by, whatever the encoder.
    private static let decoderDelay: Int64 = 528 + 1

    private var startLeft: Int64
    private var framesLeft: Int64?
    private let padding: Int64

    init(_ tag: LAMETag) {
        startLeft = tag.delay + Self.decoderDelay
        framesLeft = tag.frameCount
        padding = max(0, tag.padding - Self.decoderDelay)
    }

    /// - Parameter length: samples in the next frame.
    mutating func trimNext(length: Int64) -> PacketTrim {
        let start = min(startLeft, length)
        startLeft -= start
        guard let frames = framesLeft, frames > 0 else { return PacketTrim(start: start, end: 0) }
        framesLeft = frames - 1
        // The padding may be longer than the last frame.
        return PacketTrim(start: start, end: min(length, max(0, padding - (frames - 1) * length)))
    }
}
