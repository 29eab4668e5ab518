import AudioTimeline
import FFmpeg
import NIOCore
import TestSupport
import Testing

struct AudioEncoderTests {
    static let formats: [EncoderFormat] = [
        .aac(bitsPerSecond: 64_000), .aac(bitsPerSecond: 128_000), .aac(bitsPerSecond: 256_000),
        .aac(bitsPerSecond: 128_000, coder: .fast), .opus(bitsPerSecond: 96_000), .flac,
    ]

    private func decoder(_ encoder: AudioEncoder) throws -> AudioDecoder {
        let codec: AudioCodec =
            switch encoder.format {
            case .aac: .aac
            case .opus: .opus
            case .flac: .flac
            }
        return try AudioDecoder(
            CodecConfiguration(codec: codec, sampleRate: 48_000, channels: 2, setup: encoder.setup))
    }

    private func decode(_ packets: [EncodedPacket], _ decoder: AudioDecoder) throws -> StereoBlock {
        var heard = StereoBlock()
        for packet in packets {
            let block = try #require(try decoder.decode(packet.payload))
            #expect(block.frameCount == packet.duration)
            #expect(block.format == PCMFormat(sampleRate: 48_000, layout: .stereo))
            heard.left += block.channels[0]
            heard.right += block.channels[1]
        }
        return heard
    }

    /// What goes in at sample n is heard at sample n, in every format.
    @Test(arguments: formats)
    func sampleIsHeardWhereItWentIn(_ format: EncoderFormat) throws {
        let signal = Signal(count: 96_000)
        let encoder = try AudioEncoder(format)
        var packets = try encoder.encode(signal.block)
        packets += try encoder.finish()
        let heard = try decode(packets, decoder(encoder))
        #expect(lag(of: heard.left, behind: signal.left) == 0)
        #expect(lag(of: heard.right, behind: signal.right) == 0)
        let middle = 4_096..<90_000
        #expect(signalToError(heard.left[middle], signal.left[middle]) > 6)
    }

    /// Packets lie on the grid without holes, and `finish` rounds the end up to a whole packet.
    @Test(arguments: formats, [1, 959, 4_608, 48_000, 50_001])
    func packetsCoverTheSamplesWithoutHoles(_ format: EncoderFormat, count: Int) throws {
        let signal = Signal(count: count)
        let encoder = try AudioEncoder(format)
        var packets = try encoder.encode(signal.block)
        packets += try encoder.finish()
        #expect(packets.count == (count + format.frameSize - 1) / format.frameSize)
        #expect(packets.map(\.position) == packets.indices.map { Int64($0 * format.frameSize) })
        #expect(packets.allSatisfy { $0.duration == format.frameSize && $0.payload.readableBytes > 0 })
        #expect(try encoder.finish().isEmpty)
    }

    /// A packet comes out with the sample that lies `lookahead` behind its end, not one later.
    @Test(arguments: formats)
    func packetComesOutAfterTheLookahead(_ format: EncoderFormat) throws {
        let signal = Signal(count: format.frameSize + format.lookahead)
        let encoder = try AudioEncoder(format)
        let early = try encoder.encode(
            left: signal.left.span.extracting(droppingLast: 1), right: signal.right.span.extracting(droppingLast: 1))
        #expect(early.isEmpty)
        let packets = try encoder.encode(
            left: signal.left.span.extracting(last: 1), right: signal.right.span.extracting(last: 1))
        #expect(packets.map(\.position) == [0])
    }

    /// The bytes do not depend on how the samples were cut into calls.
    @Test(arguments: formats)
    func bytesDoNotDependOnBlockLengths(_ format: EncoderFormat) throws {
        let signal = Signal(count: 30_000)
        let whole = try AudioEncoder(format)
        let expected = try whole.encode(signal.block)
        let pieces = try AudioEncoder(format)
        var generator = SplitMix64(seed: 7)
        var packets: [EncodedPacket] = []
        var offset = 0
        while offset < signal.left.count {
            let next = min(signal.left.count, offset + Int.random(in: 0...1_500, using: &generator))
            packets += try pieces.encode(
                left: signal.left.span.extracting(offset..<next), right: signal.right.span.extracting(offset..<next))
            offset = next
        }
        let isEqual = packets == expected
        #expect(isEqual)
    }

    /// A successor that begins on the packet grid keeps the positions; FLAC, which has no memory, keeps the bytes.
    @Test(arguments: formats)
    func successorGoesOnOnTheSameGrid(_ format: EncoderFormat) throws {
        let signal = Signal(count: 1_000 * format.frameSize / 10)
        let start = 40 * format.frameSize
        let first = try AudioEncoder(format)
        var expected = try first.encode(signal.block)
        expected += try first.finish()
        let second = try AudioEncoder(format, position: Int64(start))
        var packets = try second.encode(
            left: signal.left.span.extracting(start...), right: signal.right.span.extracting(start...))
        packets += try second.finish()
        #expect(packets.map(\.position) == expected[40...].map(\.position))
        let isEqual = packets == Array(expected[40...])
        if case .flac = format { #expect(isEqual) }
        let heard = try decode(packets, decoder(second))
        #expect(lag(of: heard.left, behind: Array(signal.left[start...])) == 0)
    }

    /// The command-line decoder hears AAC at the same place as ours.
    @Test func commandLineHearsAACInPlace() throws {
        let signal = Signal(count: 100_000)
        let encoder = try AudioEncoder(.aac(bitsPerSecond: 128_000))
        var packets = try encoder.encode(signal.block)
        packets += try encoder.finish()
        let heard = try CommandLineFFmpeg.decode(packets.flatMap { adts($0.payload) }, "-f aac")
        #expect(heard.frameCount == packets.count * 1024)
        #expect(lag(of: heard.left, behind: signal.left) == 0)
    }

    /// FLAC keeps 24 bits: rounded to the nearest, clipped at full scale, with frame numbers a decoder accepts.
    @Test func flacIsExactTo24Bits() throws {
        var signal = Signal(count: 4_608 * 130)
        (signal.left[0], signal.left[1], signal.left[2]) = (1, -1, 7)
        (signal.left[3], signal.left[4], signal.left[5]) = (.nan, -.infinity, 0.5 / 8_388_608 + 1e-9)
        let encoder = try AudioEncoder(.flac)
        let packets = try encoder.encode(signal.block) + encoder.finish()
        var file = Array("fLaC".utf8) + [0x80, 0, 0, 34] + encoder.setup
        for packet in packets { file += packet.payload.readableBytesView }
        let heard = try CommandLineFFmpeg.decode(file, "-xerror -err_detect crccheck+explode -f flac")
        #expect(heard.frameCount == signal.left.count)
        let full: Float = 8_388_607 / 8_388_608
        #expect(Array(heard.left[..<6]) == [full, -1, full, 0, -1, 1 / 8_388_608])
        let nearest = signal.left.map { ($0 * 8_388_608).rounded(.toNearestOrEven) / 8_388_608 }
        let isEqual = heard.left[6...] == nearest[6...]
        #expect(isEqual)
    }

    /// The set-ups say 48 kHz stereo, and Opus' pre-skip is 0.
    @Test func setupsDescribeTheStream() throws {
        let aac = try AudioEncoder(.aac(bitsPerSecond: 128_000)).setup
        #expect(Array(aac.prefix(2)) == [0x11, 0x90])
        let opus = try AudioEncoder(.opus(bitsPerSecond: 96_000)).setup
        #expect(opus.starts(with: Array("OpusHead".utf8) + [1, 2, 0, 0, 0x80, 0xBB, 0, 0]))
        let flac = try AudioEncoder(.flac).setup
        #expect(flac.count == 34)
        #expect(Array(flac[0..<4]) == [0x12, 0, 0x12, 0])
    }

    /// What is no number or far above full scale does not end an encoder.
    @Test(arguments: formats)
    func wildSamplesAreSurvived(_ format: EncoderFormat) throws {
        let encoder = try AudioEncoder(format)
        let wild: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e30, .leastNonzeroMagnitude, -0.0, .signalingNaN]
        let samples = (0..<20_000).map { wild[$0 % wild.count] }
        let packets = try encoder.encode(StereoBlock(left: samples, right: samples)) + encoder.finish()
        #expect(packets.count == (20_000 + format.frameSize - 1) / format.frameSize)
    }

    @Test func impossibleBitRateIsRefused() {
        #expect(throws: FFmpegError.self) { try AudioEncoder(.opus(bitsPerSecond: 10_000_000)) }
    }
}
