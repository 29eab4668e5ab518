import AudioTimeline

/// What is counted with from an `AudioSpecificConfig` (ISO/IEC 14496-3 §1.6.2.1).
struct AudioSpecificConfig {
    /// Of the core: with spectral band replication the decoder gives twice as many.
    let sampleRate: Int
    /// 0 when they are listed behind.
    let channels: Int

    init?(_ bytes: [UInt8]) {
        var reader = BitReader(bytes)
        guard let type = reader.read(5), type != 31 || reader.read(6) != nil,
            let rateIndex = reader.read(4)
        else { return nil }
        if rateIndex == 15 {
            guard let rate = reader.read(24) else { return nil }
            sampleRate = Int(rate)
        } else {
            guard Int(rateIndex) < ADTSHeader.rates.count else { return nil }
            sampleRate = ADTSHeader.rates[Int(rateIndex)]
        }
        guard sampleRate > 0, let channels = reader.read(4) else { return nil }
        self.channels = channels == 7 ? 8 : Int(channels)
    }
}
