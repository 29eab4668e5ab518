/// Decoded samples, one array a channel, full scale ±1.
///
/// Values are finite and at most ``PCMBlock/largestMagnitude``, whatever a hostile stream decodes to.
public struct PCMBlock: Hashable, Sendable {
    public var format: PCMFormat

    /// As many arrays as the layout has channels, all of the same length.
    public var channels: [[Float]]

    public init(format: PCMFormat, channels: [[Float]]) {
        self.format = format
        self.channels = channels
    }

    public var sampleRate: Int { format.sampleRate }

    /// Samples in each channel.
    public var frameCount: Int { channels.first?.count ?? 0 }

    /// +24 dB above full scale: more headroom than any codec needs, little enough for every filter and encoder.
    public static let largestMagnitude: Float = 16
}

/// Two channels of samples at 48 kHz, full scale ±1.
public struct StereoBlock: Hashable, Sendable {
    public var left: [Float]
    public var right: [Float]

    /// - Precondition: both channels have the same length.
    public init(left: [Float] = [], right: [Float] = []) {
        precondition(left.count == right.count, "channels of different length")
        self.left = left
        self.right = right
    }

    /// Silence.
    public init(silence frameCount: Int) {
        let zeros = [Float](repeating: 0, count: frameCount)
        self.init(left: zeros, right: zeros)
    }

    public var frameCount: Int { left.count }
    public var isEmpty: Bool { left.isEmpty }

    /// Samples a second of every stereo block.
    public static let sampleRate = 48_000
}
