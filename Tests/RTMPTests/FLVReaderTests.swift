import NIOCore
import Testing

@testable import RTMP

@Suite struct FLVReaderTests {
    /// Header, first back pointer.
    private static let header: [UInt8] = Array("FLV".utf8) + [1, 5, 0, 0, 0, 9, 0, 0, 0, 0]

    private static func tag(_ type: UInt8, time: UInt32, _ body: [UInt8]) -> [UInt8] {
        var bytes = ByteBuffer(integer: type)
        bytes.writeUInt24(UInt32(body.count))
        bytes.writeUInt24(time)
        bytes.writeInteger(UInt8(truncatingIfNeeded: time >> 24))
        bytes.writeUInt24(0)
        bytes.writeBytes(body)
        bytes.writeInteger(UInt32(body.count + 11))
        return Array(bytes.readableBytesView)
    }

    /// Reads all at once and in small pieces, and expects the same of each.
    private static func read(_ bytes: [UInt8]) -> (events: [FLVEvent], error: FLVError?) {
        var results: [(events: [FLVEvent], error: FLVError?)] = []
        for pieceSize in [Int.max, 1, 13] {
            var reader = FLVReader()
            var rest = ByteBuffer(bytes: bytes)
            var events: [FLVEvent] = []
            var failure: FLVError?
            while failure == nil, rest.readableBytes > 0,
                var piece = rest.readSlice(length: min(pieceSize, rest.readableBytes))
            {
                do throws(FLVError) {
                    try reader.receive(&piece, into: &events)
                } catch {
                    failure = error
                }
            }
            results.append((events, failure))
        }
        #expect(results.allSatisfy { $0.events == results[0].events && $0.error == results[0].error })
        return results[0]
    }

    @Test func tagsBecomeEvents() {
        let metadata = ClientBytes.amf([.string("onMetaData"), .object(["title": .string("T")])])
        let (events, error) = Self.read(
            Self.header + Self.tag(18, time: 0, metadata) + Self.tag(8, time: 0, [0xAF, 0, 0x11, 0x90])
                + Self.tag(9, time: 0, [UInt8](repeating: 1, count: 100))
                + Self.tag(8, time: 0x0123_4567, [0xAF, 1, 7])
                + Self.tag(
                    15, time: 0x0123_4567,
                    [0] + ClientBytes.amf([.string("onMetaData"), .object(["title": .string("U")])])))
        #expect(error == nil)
        #expect(
            events == [
                .metadata(StreamMetadata(title: "T")),
                .audio(AudioTag(timestamp: 0, payload: .sequenceHeader(.aac, ByteBuffer(bytes: [0x11, 0x90])))),
                .video(byteCount: 100),
                .audio(AudioTag(timestamp: 0x0123_4567, payload: .frame(.aac, ByteBuffer(bytes: [7])))),
                .metadata(StreamMetadata(title: "U")),
            ])
    }

    @Test func longHeadersAreSkipped() {
        let header: [UInt8] = Array("FLV".utf8) + [1, 5, 0, 0, 0, 12, 9, 9, 9, 0, 0, 0, 0]
        #expect(Self.read(header + Self.tag(8, time: 0, [0x2F, 1])).events.count == 1)
    }

    @Test(
        arguments: [
            [0x47], Array("FLX".utf8), Array("FLV".utf8) + [1, 5, 0, 0, 0, 8],
            Array("FLV".utf8) + [1, 5, 255, 0, 0, 0],
        ] as [[UInt8]])
    func otherFormatsAreRefused(bytes: [UInt8]) {
        #expect(Self.read(bytes).error == .notFLV)
    }

    /// Tags that nobody needs are skipped, whatever their length; encrypted ones too.
    @Test func otherTagsAreSkipped() {
        let (events, error) = Self.read(
            Self.header + Self.tag(0x28, time: 0, [0x2F, 1]) + Self.tag(99, time: 0, [1]) + Self.tag(8, time: 0, [])
                + Self.tag(9, time: 0, [UInt8](repeating: 0, count: 100_000)) + Self.tag(8, time: 0, [0x2F, 2]))
        #expect(error == nil)
        #expect(
            events == [
                .ignored(.encryptedTag), .ignored(.encryptedTag), .video(byteCount: 100_000),
                .audio(AudioTag(timestamp: 0, payload: .frame(.mp3, ByteBuffer(bytes: [2])))),
            ])
    }

    @Test func longAudioTagsAreRefusedByTheirHeader() {
        let long = Self.tag(8, time: 0, [UInt8](repeating: 0x2F, count: 65_537))
        let (events, error) = Self.read(Self.header + Self.tag(8, time: 0, [0x2F, 2]) + long.prefix(11))
        #expect(events.count == 1)
        #expect(error == .tagTooLong(byteCount: 65_537, limit: 65_536))
    }

    @Test func truncatedBodiesSayWhatTheySaid() {
        let bytes = Self.header + Self.tag(8, time: 0, [0x2F, 2]) + Self.tag(8, time: 20, [0x2F, 3])
        for length in 0..<bytes.count { #expect(Self.read(Array(bytes[..<length])).error == nil) }
        #expect(Self.read(Array(bytes.dropLast(5))).events.count == 1)
    }
}
