import AudioTimeline
import NIOCore
import Testing

/// How long packets last, told from their first bytes.
struct PacketLengthTests {
    /// Writes bits, most significant first.
    private func bits(_ fields: (value: Int, width: Int)...) -> [UInt8] {
        var text = fields.map { value, width in
            String(repeating: "0", count: width - String(value, radix: 2).count) + String(value, radix: 2)
        }.joined()
        while text.count % 8 != 0 { text += "0" }
        var bytes: [UInt8] = []
        while !text.isEmpty {
            bytes.append(UInt8(text.prefix(8), radix: 2) ?? 0)
            text.removeFirst(8)
        }
        return bytes
    }

    // MARK: AAC

    @Test func plainAudioSpecificConfigs() throws {
        let usual = try #require(AudioSpecificConfig([0x12, 0x10]))
        #expect(usual.objectType == 2 && usual.sampleRate == 44_100 && usual.channels == 2)
        #expect(usual.frameLength == 1024)
        // frameLengthFlag: 960 samples.
        #expect(AudioSpecificConfig(bits((2, 5), (3, 4), (2, 4), (1, 1)))?.frameLength == 960)
        // A rate that is written out.
        let escaped = try #require(AudioSpecificConfig(bits((2, 5), (15, 4), (37_800, 24), (1, 4), (0, 3))))
        #expect(escaped.sampleRate == 37_800 && escaped.channels == 1)
        // 7.1, and channels that only the stream tells.
        #expect(AudioSpecificConfig(bits((2, 5), (3, 4), (7, 4), (0, 3)))?.channels == 8)
        #expect(AudioSpecificConfig(bits((2, 5), (3, 4), (0, 4), (0, 3)))?.channelConfiguration == 0)
    }

    /// Packets of HE-AAC are counted at the rate of the core, however SBR is announced.
    @Test func spectralBandReplicationIsCountedAtTheCore() throws {
        for type in [5, 29] {
            let explicit = try #require(AudioSpecificConfig(bits((type, 5), (6, 4), (2, 4), (3, 4), (2, 5), (0, 3))))
            #expect(explicit.objectType == type && explicit.sampleRate == 24_000 && explicit.frameLength == 1024)
        }
        let escaped = bits((5, 5), (15, 4), (24_000, 24), (2, 4), (15, 4), (48_000, 24), (2, 5), (1, 3))
        #expect(AudioSpecificConfig(escaped)?.sampleRate == 24_000)
        // The backward compatible extension 0x2B7 behind an ordinary configuration.
        let implicit = bits((2, 5), (6, 4), (2, 4), (0, 3), (0x2B7, 11), (5, 5), (1, 1), (3, 4))
        #expect(AudioSpecificConfig(implicit)?.sampleRate == 24_000)
    }

    @Test(
        arguments: [
            [], [0x12], [0xFF], [0xFF, 0xFF, 0xFF], [0x17, 0x80, 0x00, 0x00, 0x08], [0x17, 0xFF, 0xFF, 0xFF, 0x88],
            // Reserved rate, object types without a fixed frame, reserved channels.
            [0x16, 0x90], [0xF8, 0xE6, 0x40], [0x12, 0x58], [0x2B],
        ] as [[UInt8]])
    func unusableAudioSpecificConfigs(bytes: [UInt8]) { #expect(AudioSpecificConfig(bytes) == nil) }

    // MARK: MP3

    @Test func mpegAudioHeaders() throws {
        // MPEG-1 Layer III, 128 kbit/s, 44.1 kHz, without and with padding.
        let usual = try #require(MPEGAudioHeader(0xFFFB_9000))
        #expect(usual.sampleRate == 44_100 && usual.frameLength == 1152 && usual.byteCount == 417)
        #expect(usual.layer == 3 && usual.channels == 2)
        #expect(MPEGAudioHeader(0xFFFB_9200)?.byteCount == 418)
        // MPEG-2, 64 kbit/s, 22.05 kHz; MPEG-2.5, 32 kbit/s, 8 kHz mono.
        let second = try #require(MPEGAudioHeader(0xFFF3_8000))
        #expect(second.sampleRate == 22_050 && second.frameLength == 576 && second.byteCount == 208)
        let half = try #require(MPEGAudioHeader(0xFFE3_48C0))
        #expect(half.sampleRate == 8_000 && half.frameLength == 576 && half.byteCount == 288 && half.channels == 1)
        // Layer II and I.
        #expect(MPEGAudioHeader(0xFFFD_8400)?.frameLength == 1152)
        #expect(MPEGAudioHeader(0xFFFD_8400)?.byteCount == 384)
        #expect(MPEGAudioHeader(0xFFF5_8400)?.frameLength == 1152)
        #expect(MPEGAudioHeader(0xFFFF_8400)?.frameLength == 384)
        // The free format has a length in samples, not in bytes.
        #expect(MPEGAudioHeader(0xFFFB_0000)?.frameLength == 1152)
        #expect(MPEGAudioHeader(0xFFFB_0000)?.byteCount == nil)
    }

    @Test(arguments: [0, 0xFFFF_FFFF, 0xFFEB_9000, 0xFFF9_9000, 0xFFFB_F000, 0xFFFB_9C00, 0x7FFB_9000] as [UInt32])
    func wrongMPEGAudioHeaders(word: UInt32) { #expect(MPEGAudioHeader(word) == nil) }

    /// Frames come out whole wherever containers cut them, and garbage between them does not.
    @Test(arguments: [1, 7, 416, 417, 418, 10_000]) func framerFindsFrames(piece: Int) {
        var frame: [UInt8] = [0xFF, 0xFB, 0x90, 0x00]
        frame += (0..<413).map { UInt8($0 % 200) }
        var bytes: [UInt8] = Array("ID3 or anything".utf8)
        for _ in 0..<8 { bytes += frame }
        bytes += [0, 0, 0xFF]
        for _ in 0..<8 { bytes += frame }
        var framer = MPEGAudioFramer()
        var frames: [ByteBuffer] = []
        for start in stride(from: 0, to: bytes.count, by: piece) {
            frames += framer.frames(adding: ByteBuffer(bytes: bytes[start..<min(start + piece, bytes.count)]))
        }
        #expect(frames.count == 16)
        #expect(frames.allSatisfy { Array($0.readableBytesView) == frame })
    }

    // MARK: Opus

    /// Every configuration of RFC 6716 table 2 with every code of §3.2.
    @Test func opusLengths() {
        let frames: [Int32] =
            (0..<3).flatMap { _ in [480, 960, 1920, 2880] as [Int32] } + [480, 960, 480, 960]
            + (0..<4).flatMap { _ in [120, 240, 480, 960] as [Int32] }
        for (configuration, frame) in frames.enumerated() {
            for stereo in 0..<2 {
                let first = UInt8(configuration << 3 | stereo << 2)
                #expect(OpusPacketHeader.length(first: first, second: nil) == frame)
                for code in 1...2 {
                    #expect(OpusPacketHeader.length(first: first | UInt8(code), second: nil) == 2 * frame)
                }
                #expect(OpusPacketHeader.length(first: first | 3, second: nil) == nil)
                for count in 0..<64 {
                    // Padding and variable rate flags do not matter.
                    let length = OpusPacketHeader.length(first: first | 3, second: UInt8(count | 0xC0))
                    let expected = Int32(count) * frame
                    #expect(length == (count > 0 && expected <= 5760 ? expected : nil))
                }
            }
        }
    }

    // MARK: FLAC

    /// Every block size code of RFC 9639 table 14.
    @Test func flacLengths() {
        let fixed: [Int32?] = [
            nil, 192, 576, 1152, 2304, 4608, 20, 0x1235, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768,
        ]
        for (code, expected) in fixed.enumerated() {
            let rest: [UInt8] = code == 6 ? [19] : code == 7 ? [0x12, 0x34] : []
            for number in [[0x05], [0xC2, 0x80], [0xE1, 0x80, 0x80], [0xFE, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]] {
                let bytes = [0xFF, 0xF8, UInt8(code << 4 | 9), 0x18] + number.map { UInt8($0) } + rest + [0, 0]
                #expect(FLACFrameHeader.length(bytes) == expected)
            }
        }
        #expect(FLACFrameHeader.length([0xFF, 0xF8, 0x79, 0x18, 0x05, 0xFF, 0xFF]) == 65_536)
        #expect(FLACFrameHeader.length([0xFF, 0xF8, 0x79, 0x18, 0x80, 0, 0]) == nil)
        #expect(FLACFrameHeader.length([0xFF, 0xFC, 0x19, 0x18, 0, 0]) == nil)
        #expect(FLACFrameHeader.length([0xFF, 0xF8, 0x19]) == nil)
    }

    // MARK: E-AC-3

    @Test func enhancedAC3Lengths() {
        var counter = PacketCounter(CodecConfiguration(codec: .eac3, sampleRate: 48_000, channels: 2))
        for (fifth, length) in [(0x00, 256), (0x10, 512), (0x20, 768), (0x30, 1536), (0xC0, 1536)] {
            #expect(counter?.length(of: ByteBuffer(bytes: [0x0B, 0x77, 0, 0, UInt8(fifth)])) == Int32(length))
        }
        #expect(counter?.length(of: ByteBuffer(bytes: [0x0B, 0x77])) == nil)
    }
}
