import AudioTimeline

extension MPEGAudioHeader {
    static let length = 4

    /// `nil` for anything but layer III, also for the free format, whose length no header tells.
    init?(layer3 bytes: [UInt8]) {
        guard bytes.count >= Self.length else { return nil }
        self.init(bytes[..<Self.length].reduce(0) { $0 << 8 | UInt32($1) })
        guard layer == 3, byteCount != nil else { return nil }
    }

    /// Bytes of the whole frame; 0 in the free format.
    var byteLength: Int { byteCount ?? 0 }

    func hasSameConfiguration(as other: MPEGAudioHeader) -> Bool {
        canFollow(other) && channels == other.channels
    }

    /// Same version and rate: mono and stereo frames may follow one another.
    func canFollow(_ other: MPEGAudioHeader) -> Bool {
        sampleRate == other.sampleRate && isVersion1 == other.isVersion1
    }

    /// Where an encoder puts `Xing` or `Info`: behind the side information, whose length this is with the header's.
    var tagOffset: Int { isVersion1 ? (channels == 1 ? 21 : 36) : (channels == 1 ? 13 : 21) }
}
