import NIOCore

/// The `dOps` box (Encapsulation of Opus in ISO BMFF §4.3.2), channel mapping family 0: mono or stereo.
public struct OpusConfiguration: Sendable, Hashable {
    /// 1 or 2.
    public var channels: UInt8

    /// Samples at 48 kHz that a player drops at the start. 0 in live streams: the delay is taken off before, and
    /// browsers would take it off again.
    public var preSkip: UInt16

    /// Rate of what was encoded, for information only.
    public var inputSampleRate: UInt32

    /// Gain in 1/256 dB that the decoder applies.
    public var outputGain: Int16

    public init(channels: UInt8 = 2, preSkip: UInt16 = 0, inputSampleRate: UInt32 = 48_000, outputGain: Int16 = 0) {
        self.channels = channels
        self.preSkip = preSkip
        self.inputSampleRate = inputSampleRate
        self.outputGain = outputGain
    }

    /// Reads an `OpusHead` (RFC 7845 §5.1), which is little endian, as encoders and Ogg give it.
    public init(opusHead: [UInt8]) throws(CMAFError) {
        var head = ByteBuffer(bytes: opusHead)
        guard
            head.readInteger(as: UInt64.self) == 0x4F70_7573_4865_6164,
            let (version, channels) = head.readMultipleIntegers(as: (UInt8, UInt8).self),
            let (preSkip, rate, gain) = head.readMultipleIntegers(
                endianness: .little,
                as: (UInt16, UInt32, Int16).self
            ),
            let family = head.readInteger(as: UInt8.self),
            version < 16
        else {
            throw .malformed(box: "dOps", reason: "not an OpusHead")
        }
        guard family == 0, 1...2 ~= channels else {
            throw .unsupported("Opus with channel mapping family \(family) and \(channels) channels")
        }
        self.init(channels: channels, preSkip: preSkip, inputSampleRate: rate, outputGain: gain)
    }

    /// Reads the body of a `dOps` box, which is big endian.
    init(body: ByteBuffer) throws(CMAFError) {
        var body = body
        guard
            let (version, channels, preSkip, rate, gain, family) = body.readMultipleIntegers(
                as: (UInt8, UInt8, UInt16, UInt32, Int16, UInt8).self
            ),
            version == 0
        else {
            throw .malformed(box: "dOps", reason: "shorter than 11 bytes, or not version 0")
        }
        guard family == 0, 1...2 ~= channels else {
            throw .unsupported("Opus with channel mapping family \(family) and \(channels) channels")
        }
        self.init(channels: channels, preSkip: preSkip, inputSampleRate: rate, outputGain: gain)
    }

    func write(into buffer: inout ByteBuffer) {
        buffer.writeBox("dOps") { dOps in
            dOps.writeMultipleIntegers(UInt8(0), channels, preSkip, inputSampleRate, outputGain, UInt8(0))
        }
    }
}
