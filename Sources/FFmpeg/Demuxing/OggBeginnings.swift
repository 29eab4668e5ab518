import AudioTimeline
import NIOCore

/// The logical streams that one link of an Ogg chain begins with.
struct OggBeginnings {
    private var serials: Set<UInt32> = []
    private var hasAudio = false
    private var isOpen = false
    /// The first codec that is not taken.
    private var refusal: UndecodableAudio?

    private static let most = 64

    /// - Returns: whether this is the link's first stream of audio.
    mutating func add(_ serial: UInt32, _ packet: ByteBuffer, isAudio: Bool) -> Bool {
        if !isOpen { self = OggBeginnings() }
        isOpen = true
        if serials.count < Self.most { serials.insert(serial) }
        guard isAudio else {
            refusal = refusal ?? Self.refusal(Array(packet.readableBytesView.prefix(16)))
            return false
        }
        defer { hasAudio = true }
        return !hasAudio
    }

    /// The streams of a link begin no more: it is clear what there is.
    ///
    /// - Throws: when no audio is there that could be decoded. A link that is only video may be followed by another.
    mutating func end() throws(FFmpegError) {
        guard isOpen else { return }
        isOpen = false
        if !hasAudio, let refusal { throw FFmpegError(refusal) }
    }

    func holds(_ serial: UInt32) -> Bool { serials.contains(serial) }

    private static let codecs: [([UInt8], String)] = [
        (Array("CELT    ".utf8), "CELT"), (Array("PCM     ".utf8), "PCM in Ogg"),
        (Array("Speex   ".utf8), "Speex of this kind"),
        (Array("OpusHead".utf8), "Opus with a damaged header"),
        ([1] + Array("vorbis".utf8), "Vorbis with a damaged header"),
        ([0x7F] + Array("FLAC".utf8), "FLAC with a damaged header"),
        (Array("fLaC".utf8), "FLAC in an outdated form of Ogg"),
        (Array("OggMIDI".utf8), "MIDI"),
    ]

    /// `nil` for what is not audio.
    private static func refusal(_ packet: [UInt8]) -> UndecodableAudio? {
        for (signature, name) in codecs where packet.starts(with: signature) {
            return UndecodableAudio(name, advice: "send Opus, Vorbis or FLAC")
        }
        return nil
    }
}
