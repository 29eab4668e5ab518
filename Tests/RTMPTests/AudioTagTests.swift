import NIOCore
import Testing

@testable import RTMP

@Suite struct AudioTagTests {
    private static func parse(_ bytes: [UInt8]) throws(AudioTagError) -> [AudioTagParser.Item] {
        var items: [AudioTagParser.Item] = []
        try AudioTagParser.parse(ByteBuffer(bytes: bytes), timestamp: 10, into: &items)
        return items
    }

    private static func tag(_ payload: AudioTag.Payload, track: Int = 0, nanoseconds: Int = 0) -> AudioTagParser.Item {
        .tag(AudioTag(timestamp: 10, nanosecondOffset: nanoseconds, track: track, payload: payload))
    }

    private static func bytes(_ bytes: UInt8...) -> ByteBuffer { ByteBuffer(bytes: bytes) }

    private static func fourCC(_ codec: FLVAudioCodec) -> [UInt8] { Array(codec.rawValue.utf8) }

    /// Rate, size and channels in the low bits say nothing.
    @Test(arguments: 0...15 as ClosedRange<UInt8>) func legacyAAC(lowBits: UInt8) throws {
        #expect(
            try Self.parse([0xA0 | lowBits, 0, 0x12, 0x10]) == [Self.tag(.sequenceHeader(.aac, Self.bytes(0x12, 0x10)))]
        )
        #expect(try Self.parse([0xA0 | lowBits, 1, 7]) == [Self.tag(.frame(.aac, Self.bytes(7)))])
    }

    /// Encoders that learn their configuration late send an empty one first; empty frames say nothing either.
    @Test(arguments: [[], [0xAF, 0], [0xAF, 1], [0x2F], [0xEF]] as [[UInt8]]) func emptyBodiesAreSilence(bytes: [UInt8])
        throws
    {
        #expect(try Self.parse(bytes) == [])
    }

    /// Both MP3 formats; 14 is the one of 8 kHz.
    @Test(arguments: [0x2F, 0xE2] as [UInt8]) func legacyMP3(first: UInt8) throws {
        #expect(try Self.parse([first, 0xFF, 0xFB]) == [Self.tag(.frame(.mp3, Self.bytes(0xFF, 0xFB)))])
    }

    /// Hostile 7.
    @Test func legacyAACOfUnknownTypeIsReserved() {
        #expect(throws: AudioTagError.truncated) { try Self.parse([0xAF]) }
        for type in 2...255 as ClosedRange<UInt8> {
            #expect(throws: AudioTagError.reservedValue(type)) { try Self.parse([0xAF, type, 1, 2]) }
        }
    }

    @Test(
        arguments: [
            (0, "Linear PCM"), (1, "ADPCM"), (3, "Linear PCM"), (4, "Nellymoser"), (5, "Nellymoser"), (6, "Nellymoser"),
            (7, "G.711 A-law"), (8, "G.711 µ-law"), (11, "Speex"), (12, "sound format 12"),
            (13, "Opus in a non-standard form (sound format 13)"), (15, "sound format 15"),
        ] as [(UInt8, String)])
    func otherLegacyCodecsAreNamed(format: UInt8, name: String) throws {
        #expect(try Self.parse([format << 4, 1]) == [.unsupportedCodec(name: name, track: 0)])
    }

    @Test(arguments: FLVAudioCodec.allCases) func enhancedFrames(codec: FLVAudioCodec) throws {
        #expect(try Self.parse([0x91] + Self.fourCC(codec) + [1, 2]) == [Self.tag(.frame(codec, Self.bytes(1, 2)))])
        #expect(try Self.parse([0x91] + Self.fourCC(codec)) == [])
        #expect(try Self.parse([0x92] + Self.fourCC(codec)) == [Self.tag(.end)])
    }

    @Test func enhancedSequenceHeaders() throws {
        let head = Array("OpusHead".utf8) + [1, 2, 56, 1, 0x80, 0xBB, 0, 0, 0, 0, 0]
        let info = [UInt8](0..<34)
        let block: [UInt8] = Array("fLaC".utf8) + [0x80, 0, 0, 34]
        func header(_ codec: FLVAudioCodec, _ body: [UInt8]) throws(AudioTagError) -> [AudioTagParser.Item] {
            try Self.parse([0x90] + Self.fourCC(codec) + body)
        }
        #expect(try header(.aac, [0x11, 0x90]) == [Self.tag(.sequenceHeader(.aac, Self.bytes(0x11, 0x90)))])
        #expect(try header(.aac, []) == [])
        #expect(try header(.opus, head) == [Self.tag(.sequenceHeader(.opus, ByteBuffer(bytes: head)))])
        #expect(try header(.opus, []) == [Self.tag(.sequenceHeader(.opus, ByteBuffer()))])
        let streamInfo = [Self.tag(.sequenceHeader(.flac, ByteBuffer(bytes: info)))]
        #expect(try header(.flac, info) == streamInfo)
        #expect(try header(.flac, block + info) == streamInfo)
        #expect(try header(.flac, block + info + [4, 0, 0, 1, 0]) == streamInfo)
        for codec in [FLVAudioCodec.mp3, .ac3, .eac3] {
            #expect(try header(codec, []) == [Self.tag(.sequenceHeader(codec, ByteBuffer()))])
            #expect(try header(codec, [1, 2, 3]) == [Self.tag(.sequenceHeader(codec, ByteBuffer()))])
        }
    }

    /// Hostile 8.
    @Test func malformedSequenceHeadersAreErrors() {
        let info = [UInt8](repeating: 0, count: 34)
        #expect(throws: AudioTagError.malformedSequenceHeader(.aac)) { try Self.parse([0xAF, 0, 0x11]) }
        for (codec, body) in [
            (.aac, [1]), (.opus, [1, 2, 3]), (.opus, Array("OpusHead".utf8)), (.opus, [UInt8](repeating: 0, count: 19)),
            (.flac, []), (.flac, Array(info.dropLast())), (.flac, Array("fLaC".utf8)),
            (.flac, Array("fLaC".utf8) + [0x84, 0, 0, 34] + info), (.flac, Array("fLaC".utf8) + [0, 0, 0, 33] + info),
        ] as [(FLVAudioCodec, [UInt8])] {
            #expect(throws: AudioTagError.malformedSequenceHeader(codec)) {
                try Self.parse([0x90] + Self.fourCC(codec) + body)
            }
        }
    }

    @Test(arguments: [3, 6, 8, 15] as [UInt8]) func reservedPacketTypesAreSkipped(type: UInt8) {
        #expect(throws: AudioTagError.reservedValue(type)) { try Self.parse([0x90 | type] + Self.fourCC(.opus) + [1]) }
        #expect(throws: AudioTagError.reservedValue(type)) {
            try Self.parse([0x95, type] + Self.fourCC(.opus) + [0, 1])
        }
    }

    @Test func unknownFourCCsAreNamed() throws {
        #expect(try Self.parse([0x91] + Array("vrbs".utf8) + [1]) == [.unsupportedCodec(name: "FourCC vrbs", track: 0)])
        #expect(try Self.parse([0x91, 0, 0, 0, 0xAB, 1]) == [.unsupportedCodec(name: "codec 0xAB", track: 0)])
    }

    /// A nanosecond offset, an unknown modifier, and 256 bytes and more by the long count.
    @Test func modifiersAreAppliedOrSkipped() throws {
        let frame = Self.fourCC(.opus) + [9]
        func expected(_ nanoseconds: Int) -> [AudioTagParser.Item] {
            [Self.tag(.frame(.opus, Self.bytes(9)), nanoseconds: nanoseconds)]
        }
        #expect(try Self.parse([0x97, 2, 0x0F, 0x42, 0x3F, 0x01] + frame) == expected(999_999))
        #expect(try Self.parse([0x97, 2, 0x0F, 0x42, 0x40, 0x01] + frame) == expected(0), "a million is too much")
        #expect(try Self.parse([0x97, 1, 1, 1, 0x01] + frame) == expected(0), "too short")
        #expect(try Self.parse([0x97, 0, 0xEE, 0x57, 2, 0, 0, 5, 0x01] + frame) == expected(5))
        let long: [UInt8] = [0x97, 255, 1, 0x2B] + [UInt8](repeating: 0xEE, count: 300) + [0x31]
        #expect(try Self.parse(long + frame) == expected(0))
    }

    /// Hostile 9: a chain of 10 000 modifiers, and data beyond the end.
    @Test func modifierChainsEndWithTheMessage() throws {
        let chain = [UInt8]([[UInt8]](repeating: [0, 0xEE, 0x57], count: 10_000).joined())
        #expect(throws: AudioTagError.truncated) { try Self.parse([0x97] + chain) }
        #expect(throws: AudioTagError.truncated) { try Self.parse([0x97, 255, 0xFF, 0xFF, 1, 2, 3]) }
        let frames = try Self.parse([0x97] + chain.dropLast() + [0x51] + Self.fourCC(.opus) + [1])
        #expect(frames == [Self.tag(.frame(.opus, Self.bytes(1)))])
    }

    /// OBS and FFmpeg send tracks from 1 on so.
    @Test func oneTrack() throws {
        let items = try Self.parse([0x95, 0x01] + Self.fourCC(.aac) + [3, 7, 8])
        #expect(items == [Self.tag(.frame(.aac, Self.bytes(7, 8)), track: 3)])
    }

    @Test func manyTracks() throws {
        let items = try Self.parse([0x95, 0x11] + Self.fourCC(.aac) + [0, 0, 0, 2, 1, 2, 1, 0, 0, 1, 3])
        #expect(items == [Self.tag(.frame(.aac, Self.bytes(1, 2))), Self.tag(.frame(.aac, Self.bytes(3)), track: 1)])
    }

    /// An unknown codec on one track does not take the others with it.
    @Test func manyTracksManyCodecs() throws {
        let items = try Self.parse(
            [0x95, 0x21] + Self.fourCC(.opus) + [0, 0, 0, 1, 1] + Array("vrbs".utf8) + [1, 0, 0, 1, 2]
                + Self.fourCC(.flac) + [2, 0, 0, 1, 3])
        #expect(
            items == [
                Self.tag(.frame(.opus, Self.bytes(1))), .unsupportedCodec(name: "FourCC vrbs", track: 1),
                Self.tag(.frame(.flac, Self.bytes(3)), track: 2),
            ])
    }

    @Test func modifiersCountForMultitrackToo() throws {
        let items = try Self.parse([0x97, 2, 0, 0, 7, 0x05, 0x01] + Self.fourCC(.opus) + [1, 9])
        #expect(items == [Self.tag(.frame(.opus, Self.bytes(9)), track: 1, nanoseconds: 7)])
    }

    /// Hostile 9.
    @Test func lyingMultitrackIsRefused() {
        #expect(throws: AudioTagError.nestedMultitrack) { try Self.parse([0x95, 0x05] + Self.fourCC(.aac) + [0, 1]) }
        #expect(throws: AudioTagError.reservedValue(3)) { try Self.parse([0x95, 0x31] + Self.fourCC(.aac) + [0, 1]) }
        #expect(throws: AudioTagError.truncated) {
            try Self.parse([0x95, 0x11] + Self.fourCC(.aac) + [0, 0, 0, 3, 1, 2])
        }
        #expect(throws: AudioTagError.truncated) {
            try Self.parse([0x95, 0x11] + Self.fourCC(.aac) + [0, 0xFF, 0xFF, 0xFF])
        }
        #expect(throws: AudioTagError.truncated) { try Self.parse([0x95]) }
        #expect(throws: AudioTagError.truncated) { try Self.parse([0x95, 0x01, 1, 2]) }
    }

    /// Hostile 9: track ids 0 to 255 in one message.
    @Test func tracksOfAMessageAreCapped() {
        let tracks = (0...255 as ClosedRange<UInt8>).flatMap { [$0, 0, 0, 1, 9] as [UInt8] }
        var items: [AudioTagParser.Item] = []
        #expect(throws: AudioTagError.tooManyTracks) {
            try AudioTagParser.parse(
                ByteBuffer(bytes: [0x95, 0x11] + Self.fourCC(.aac) + tracks), timestamp: 10, into: &items)
        }
        #expect(items.count == 8)
    }

    @Test func multichannelConfigurations() throws {
        func configuration(_ body: [UInt8]) throws(AudioTagError) -> [AudioTagParser.Item] {
            try Self.parse([0x94] + Self.fourCC(.opus) + body)
        }
        func expected(_ order: MultichannelConfiguration.Order, _ count: Int) -> [AudioTagParser.Item] {
            [Self.tag(.multichannelConfiguration(.opus, MultichannelConfiguration(order: order, channelCount: count)))]
        }
        #expect(try configuration([0, 6]) == expected(.unspecified, 6))
        #expect(try configuration([1, 6, 0, 0, 6, 0x0F]) == expected(.native(mask: 0x60F), 6))
        #expect(try configuration([2, 3, 0, 1, 0xFE]) == expected(.custom([0, 1, 0xFE]), 3))
        #expect(throws: AudioTagError.reservedValue(3)) { try configuration([3, 2]) }
        #expect(throws: AudioTagError.truncated) { try configuration([0]) }
        #expect(throws: AudioTagError.truncated) { try configuration([1, 2, 0, 0, 0]) }
        #expect(throws: AudioTagError.truncated) { try configuration([2, 255, 1, 2, 3]) }
    }
}
