import AudioTimeline
import FFmpeg
import Foundation
import NIOCore
import Testing

/// Encoded audio of a chirp with seeded noise, made into batches by a clock that is driven with virtual time.
struct TestSource {
    var configuration: CodecConfiguration
    var packets: [ByteBuffer]
    /// Samples in a packet, at the configuration's rate.
    var packetSamples: Int
    /// What the container cuts off each packet; none where it is shorter than `packets`.
    var trims: [PacketTrim] = []

    /// A file as a demuxer gives it.
    init(_ data: Data, _ format: ContainerFormat, packetSamples: Int) throws {
        let demuxer = Demuxer(format: format, input: FileInput(data))
        var source: TestSource?
        while let item = try demuxer.next() {
            switch item {
            case .configuration(let configuration):
                source = TestSource(configuration: configuration, packets: [], packetSamples: packetSamples)
            case .packet(let packet):
                source?.packets.append(packet.payload)
                source?.trims.append(packet.trim)
            case .metadata: break
            }
        }
        self = try #require(source)
    }

    init(configuration: CodecConfiguration, packets: [ByteBuffer], packetSamples: Int) {
        self.configuration = configuration
        self.packets = packets
        self.packetSamples = packetSamples
    }

    /// A file of `Fixtures/`.
    static func fixture(_ name: String, _ format: ContainerFormat, packetSamples: Int) throws -> TestSource {
        try TestSource(try Data(contentsOf: EncodedFile.fixture(name)), format, packetSamples: packetSamples)
    }

    /// The beginning of the tune, whose encoder put 312 samples in front, with padding in the last packet.
    static func trimmedOpus(packets count: Int) throws -> TestSource {
        var source = try fixture("tune.opus", .ogg, packetSamples: 960)
        source.packets = Array(source.packets.prefix(count))
        source.trims = [PacketTrim](repeating: .none, count: count - 1) + [PacketTrim(end: 431)]
        return source
    }

    func trim(_ index: Int) -> PacketTrim { trims.indices.contains(index) ? trims[index] : .none }

    /// AAC of 48 kHz, as an encoder sends it.
    static func aac(seconds: Double, seed: UInt64 = 1) throws -> TestSource {
        try make(.aac(bitsPerSecond: 192_000), .aac, seconds: seconds, seed: seed)
    }

    static func flac(seconds: Double, seed: UInt64 = 1) throws -> TestSource {
        try make(.flac, .flac, seconds: seconds, seed: seed)
    }

    /// AAC packets announced as 44.1 kHz: a source that has to be resampled. Without noise, which decoders of AAC make
    /// up anew each time (perceptual noise substitution).
    static func aac44100(seconds: Double) throws -> TestSource {
        var source = try make(.aac(bitsPerSecond: 256_000), .aac, seconds: seconds, seed: 0)
        source.configuration.sampleRate = 44_100
        source.configuration.setup = [0x12, 0x10]
        return source
    }

    private static func make(
        _ format: EncoderFormat, _ codec: AudioCodec, seconds: Double, seed: UInt64
    ) throws -> TestSource {
        let encoder = try AudioEncoder(format)
        let signal = signal(samples: Int(seconds * 48_000), seed: seed)
        let packets = try encoder.encode(signal) + encoder.finish()
        return TestSource(
            configuration: CodecConfiguration(codec: codec, sampleRate: 48_000, channels: 2, setup: encoder.setup),
            packets: packets.map(\.payload), packetSamples: format.frameSize)
    }

    /// 300 Hz rising on the left, noise on the right: no stretch of it is like another. Seed 0 is without noise.
    static func signal(samples: Int, seed: UInt64) -> StereoBlock {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var left: [Float] = []
        var right: [Float] = []
        var phase = 0.0
        var smooth: Float = 0
        for index in 0..<samples {
            phase += (300 + 0.01 * Double(index % 300_000)) / 48_000
            phase -= phase.rounded(.down)
            // A parabola is near enough to a sine.
            let x = phase * 2 - 1
            left.append(Float(0.5 * 4 * x * (1 - abs(x))))
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            smooth += 0.2 * (Float(Int32(truncatingIfNeeded: state)) / Float(Int32.max) * 0.7 - smooth)
            right.append(seed == 0 ? left[left.count / 2] : smooth)
        }
        return StereoBlock(left: left, right: right)
    }

    /// What a decoder and a resampler make of the packets, in one go.
    func decoded() throws -> StereoBlock {
        let decoder = try AudioDecoder(configuration)
        var resampler: Resampler?
        var all = StereoBlock()
        var counter = try #require(PacketCounter(configuration))
        for (index, packet) in packets.enumerated() {
            let counted = counter.span(of: packet, trim: trim(index))
            let span = try #require(counted)
            guard var block = try decoder.decode(packet), span.length > 0 else { continue }
            let range = Int(span.skip)..<Int(span.skip + span.length)
            block.channels = block.channels.map { Array($0[range]) }
            let converter = try resampler ?? Resampler(from: block.format)
            resampler = converter
            let converted = try converter.convert(block)
            all.left += converted.left
            all.right += converted.right
        }
        if let rest = try resampler?.flush() {
            all.left += rest.left
            all.right += rest.right
        }
        return all
    }
}

/// Makes batches of sources, one after the other.
struct BatchMaker {
    private var clock: StreamClock
    private var now: Int64 = 1_000_000_000_000
    private(set) var batches: [SourceBatch] = []

    init(epoch: UInt32 = 1) { clock = StreamClock(epoch: epoch, wallOffsetMicroseconds: 1_700_000_000_000_000) }

    /// Pushes a source in real time, without timestamps.
    mutating func push(_ source: TestSource, isNewConnection: Bool = true) throws {
        try clock.configured(source.configuration, isNewConnection: isNewConnection)
        for (index, packet) in source.packets.enumerated() {
            now += Int64(source.packetSamples) * 1_000_000_000 / Int64(source.configuration.sampleRate)
            try clock.packetArrived(packet, timestamp: nil, trim: source.trim(index), now: now)
        }
        batches += clock.takeBatches()
    }

    mutating func play(_ title: String) { clock.nowPlayingChanged(NowPlaying(title: title), now: now) }

    /// Loses the connection for so long.
    mutating func pause(milliseconds: Int64) {
        clock.connectionLost(now: now)
        for _ in 0..<milliseconds / 50 {
            now += 50_000_000
            clock.timePassed(now: now)
        }
        batches += clock.takeBatches()
    }

    mutating func end() {
        clock.ended(now: now)
        batches += clock.takeBatches()
    }

    var position: Int64 { clock.position }
}
