/// Audio that cannot be played here, in words for whoever sends it.
public struct UndecodableAudio: Error, Hashable, Sendable {
    /// One sentence that names what came and says what to send instead.
    public var sentence: String

    /// - Parameters:
    ///   - name: what came, as encoders call it: "32-bit FLAC".
    ///   - advice: what to do instead: "send 16 or 24 bits".
    public init(_ name: String, advice: String = "send AAC, MP3, Opus, Vorbis or FLAC") {
        sentence = "\(name) cannot be decoded; \(advice)."
    }

    public init(sentence: String) {
        self.sentence = sentence
    }
}

extension CodecConfiguration {
    /// The most channels that are mixed down.
    private static let mostChannels = 8

    /// Why no packet of this configuration could be heard; `nil` when a decoder takes it.
    ///
    /// Known before the first packet is placed on the clock: a stream that nothing decodes would be on the air silent.
    public var refusal: UndecodableAudio? {
        if channels > Self.mostChannels {
            return UndecodableAudio("Audio of \(channels) channels", advice: "send at most \(Self.mostChannels)")
        }
        switch codec {
        case .aac:
            return AudioSpecificConfig(setup) == nil ? AudioSpecificConfig.refusal(of: setup) : nil
        case .flac where setup.count >= 14:
            // STREAMINFO (RFC 9639 §8.2): bits a sample, less one.
            let bits = Int(setup[12] & 1) << 4 | Int(setup[13] >> 4)
            return bits < 24 ? nil : UndecodableAudio("\(bits + 1)-bit FLAC", advice: "send 16 or 24 bits")
        default: return nil
        }
    }
}
