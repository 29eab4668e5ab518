import AudioTimeline

extension MPEGAudioHeader {
    static let length = 4

    /// `nil` also for the free format, whose length no header tells.
    init?(frame bytes: [UInt8]) {
        guard bytes.count >= Self.length else { return nil }
        self.init(bytes[..<Self.length].reduce(0) { $0 << 8 | UInt32($1) })
        guard byteCount != nil else { return nil }
    }

    /// Bytes of the whole frame; 0 in the free format.
    var byteLength: Int { byteCount ?? 0 }

    func hasSameConfiguration(as other: MPEGAudioHeader) -> Bool {
        canFollow(other) && channels == other.channels
    }

    /// Same layer, version and rate: mono and stereo frames may follow one another.
    func canFollow(_ other: MPEGAudioHeader) -> Bool {
        layer == other.layer && sampleRate == other.sampleRate && isVersion1 == other.isVersion1
    }

    /// Where an encoder puts `Xing` or `Info`: behind the side information, whose length this is with the header's.
    var tagOffset: Int { isVersion1 ? (channels == 1 ? 21 : 36) : (channels == 1 ? 13 : 21) }
}

/// Frames whose header says nothing of their length (ISO/IEC 11172-3 §2.4.2.3, bit-rate index 0).
enum FreeFormatAudio {
    /// Bytes in which three frames of 640 kbit/s lie, the most that encoders offer.
    static let sufficientLength = 3 * longestFrame

    private static let longestFrame = 2_881
    private static let shortestFrame = 24

    /// Whether `bytes` begin with it: three headers of one kind, as far from one another but for padding.
    static func begins(_ bytes: [UInt8]) -> Bool {
        guard let first = header(bytes, 0) else { return false }
        for distance in shortestFrame...longestFrame where header(bytes, distance) == first {
            let isRepeated = (2 * distance - 4...2 * distance + 4).contains { header(bytes, $0) == first }
            if isRepeated { return true }
        }
        return false
    }

    private static func header(_ bytes: [UInt8], _ offset: Int) -> MPEGAudioHeader? {
        guard offset + MPEGAudioHeader.length <= bytes.count, bytes[offset] == 0xFF else { return nil }
        let word = bytes[offset..<(offset + MPEGAudioHeader.length)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return MPEGAudioHeader(word).flatMap { $0.byteCount == nil ? $0 : nil }
    }
}
