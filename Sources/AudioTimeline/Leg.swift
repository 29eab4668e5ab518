/// A run of source packets of one codec configuration.
///
/// A leg starts at a whole position of the 48 kHz clock; its sample n lies at `start + n·48000/rate`, exactly.
public struct Leg: Sendable, Hashable {
    /// Counts legs within an epoch, from 0.
    public var number: UInt32
    /// Position of the leg's first sample, in samples of the 48 kHz clock.
    public var start: Int64
    public var configuration: CodecConfiguration

    public init(number: UInt32, start: Int64, configuration: CodecConfiguration) {
        self.number = number
        self.start = start
        self.configuration = configuration
    }

    /// The whole 48 kHz position at or after the leg's sample `sample`.
    public func position(ofSample sample: Int64) -> Int64 {
        let rate = Int64(configuration.sampleRate)
        guard rate != Timeline.sampleRate else { return start + sample }
        let (seconds, rest) = sample.quotientAndRemainder(dividingBy: rate)
        return start + seconds * Timeline.sampleRate + (rest * Timeline.sampleRate + rate - 1) / rate
    }
}
