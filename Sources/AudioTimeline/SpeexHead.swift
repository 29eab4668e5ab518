/// The header packet of Speex, as far as counting samples needs it.
public struct SpeexHead: Sendable, Equatable {
    public static let length = 80

    /// Samples a second.
    public var sampleRate: Int
    public var channels: Int
    /// Samples that each packet holds.
    public var packetLength: Int
    /// Headers behind the comments that decoders pass over.
    public var extraHeaders: Int

    /// - Parameter setup: the packet, whose numbers are little-endian: rate at 36, mode at 40, channels at 48, samples in a
    ///   frame at 56, frames in a packet at 64, further headers at 68.
    public init?(_ setup: [UInt8]) {
        guard setup.count >= Self.length, setup.starts(with: "Speex   ".utf8) else { return nil }
        func number(_ offset: Int) -> Int { setup[offset..<(offset + 4)].reversed().reduce(0) { $0 << 8 | Int($1) } }
        sampleRate = number(36)
        channels = number(48)
        let (mode, frame, frames) = (number(40), number(56), number(64))
        extraHeaders = number(68)
        // Narrow, wide and ultra-wide band: 20 ms each.
        guard (0...2).contains(mode), frame == 160 << mode, (1...64).contains(frames), (1...2).contains(channels),
            (0...64).contains(extraHeaders), (1...1 << 20).contains(sampleRate)
        else { return nil }
        packetLength = frame * frames
    }
}
