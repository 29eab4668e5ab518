import NIOCore
import Testing

@testable import RTMP

/// Messages that a reader finds, as comparable values.
private struct Read: Equatable {
    var messages: [MessageHeader] = []
    var payloads: [[UInt8]] = []
    var discarded: [MessageHeader] = []
    var error: RTMPError?

    /// Reads all at once and byte by byte, and expects the same of both.
    static func bothWays(limits: RTMPLimits = RTMPLimits(), _ write: (inout ClientBytes) -> Void) -> Read {
        var client = ClientBytes()
        write(&client)
        let whole = Read(client.bytes, pieceSize: .max, limits: limits)
        #expect(Read(client.bytes, pieceSize: 1, limits: limits) == whole)
        return whole
    }

    init(_ bytes: ByteBuffer, pieceSize: Int, limits: RTMPLimits) {
        var reader = ChunkReader(limits: limits)
        var unread = UnreadBytes()
        var rest = bytes
        do throws(RTMPError) {
            while rest.readableBytes > 0, var piece = rest.readSlice(length: min(pieceSize, rest.readableBytes)) {
                var input = unread.join(&piece)
                while let output = try reader.next(&input) { take(output) }
                #expect(input.readableBytes <= 17)
                unread.keep(input)
            }
        } catch {
            self.error = error
        }
    }

    private mutating func take(_ output: ChunkReader.Output) {
        switch output {
        case .message(let header, let payload):
            messages.append(header)
            payloads.append(Array(payload.readableBytesView))
        case .discarded(let header): discarded.append(header)
        }
    }

    var times: [UInt32] { messages.map(\.timestamp) }
}

private let audio = MessageType.audio.rawValue

@Suite struct ChunkReaderTests {
    /// Statement 1.
    @Test(arguments: [2, 3, 63, 64, 319, 320, 65599]) func chunkStreamIDsHaveThreeForms(id: Int) {
        let read = Read.bothWays { $0.chunk(format: 0, id: id, length: 2, type: audio, payload: [1, 2]) }
        #expect(read.payloads == [[1, 2]])
    }

    /// Statement 1: 64 to 319 are legal in either long form, and are the same chunk stream.
    @Test func bothLongFormsNameTheSameChunkStream() {
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 100, time: 5, length: 1, type: audio, payload: [1])
            client.bytes.writeBytes([0x80 | 1, 36, 0, 0, 0, 7, 9])
        }
        #expect(read.times == [5, 12])
    }

    /// Statement 2: 11, 7, 3 and 0 header bytes; the message stream id alone is little-endian.
    @Test func headersGrowShorter() {
        let read = Read.bothWays { client in
            client.bytes.writeBytes([0x03, 0, 0, 10, 0, 0, 1, audio, 4, 3, 2, 1, 0xAA])
            client.bytes.writeBytes([0x43, 0, 0, 5, 0, 0, 2, audio, 0xBB, 0xBB])
            client.bytes.writeBytes([0x83, 0, 0, 6, 0xCC, 0xCC])
            client.bytes.writeBytes([0xC3, 0xDD, 0xDD])
        }
        #expect(read.times == [10, 15, 21, 27])
        #expect(read.messages.map(\.length) == [1, 2, 2, 2])
        #expect(read.messages.allSatisfy { $0.streamID == 0x0102_0304 })
    }

    /// Statement 3: 0xFFFFFF itself is written extended too.
    @Test(arguments: [0xFF_FFFE, 0xFF_FFFF, 0x100_0000, 0xFFFF_FFFF] as [UInt32])
    func longTimestampsAreExtended(time: UInt32) {
        let read = Read.bothWays { $0.chunk(format: 0, id: 4, time: time, length: 1, type: audio, payload: [1]) }
        #expect(read.times == [time])
        #expect(read.error == nil)
    }

    /// Statement 4: chunks of type 3 repeat the extended timestamp.
    @Test func continuationsRepeatTheExtendedTimestamp() {
        let payload = [UInt8](repeating: 7, count: 300)
        let read = Read.bothWays { client in
            client.message(id: 4, time: 0x0123_4567, type: .audio, payload: payload)
            client.message(id: 4, time: 0x0123_4568, type: .audio, payload: payload)
        }
        #expect(read.payloads == [payload, payload])
    }

    /// Statement 4: also where type 3 begins a message.
    @Test func newMessagesOfType3RepeatTheExtendedDelta() {
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, time: 10, length: 1, type: audio, payload: [1])
            client.chunk(format: 2, id: 4, time: 0x0100_0000, payload: [2])
            client.chunk(format: 3, id: 4)
            client.bytes.writeBytes([1, 0, 0, 0, 3])
        }
        #expect(read.times == [10, 0x0100_000A, 0x0200_000A])
        #expect(read.payloads == [[1], [2], [3]])
    }

    /// Statement 5: old librtmp does not repeat it; also near the message's end, where fewer than four bytes follow.
    @Test(arguments: [300, 257, 258, 259, 260]) func continuationsMayOmitTheExtendedTimestamp(length: Int) {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 | 0x80) }
        let read = Read.bothWays { client in
            client.chunk(
                format: 0, id: 4, time: 0x0123_4567, length: length, type: audio, payload: Array(payload[..<128]))
            client.chunk(format: 3, id: 4, payload: Array(payload[128..<256]))
            client.chunk(format: 3, id: 4, payload: Array(payload[256...]))
            client.chunk(format: 0, id: 5, length: 1, type: audio, payload: [1])
        }
        #expect(read.payloads == [payload, [1]])
    }

    /// Statement 5: the four bytes are compared with the absolute time and the difference.
    @Test(arguments: [0x0100_0000, 0x0100_0064, 0x8100_0064 as UInt32]) func continuationsMayRepeatEitherTime(
        value: UInt32
    ) {
        let payload = [UInt8](repeating: 0xEE, count: 200)
        let read = Read.bothWays { client in
            let first: UInt32 = value > 0x8000_0000 ? 0x8000_0064 : 100
            client.chunk(format: 0, id: 4, time: first, length: 1, type: audio, payload: [1])
            client.chunk(format: 1, id: 4, time: 0x0100_0000, length: 200, type: audio, payload: Array(payload[..<128]))
            client.chunk(format: 3, id: 4)
            client.bytes.writeInteger(value & 0x7FFF_FFFF)
            client.bytes.writeBytes(payload[128...])
        }
        #expect(read.payloads.last == payload)
        #expect(read.error == nil)
    }

    /// Statements 6 and 7: 26 → 52, as FMLE sends it.
    @Test func type3RightAfterType0AddsItsTimestamp() {
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, time: 26, length: 1, type: audio, payload: [1])
            client.chunk(format: 3, id: 4, payload: [2])
            client.chunk(format: 2, id: 4, time: 10, payload: [3])
            client.chunk(format: 3, id: 4, payload: [4])
        }
        #expect(read.times == [26, 52, 62, 72])
    }

    /// Statement 8: differences may be extended, and wrap.
    @Test func extendedDeltasAreAddedModulo2To32() {
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, time: 0xFFFF_FF00, length: 1, type: audio, payload: [1])
            client.chunk(format: 1, id: 4, time: 0x0200_0000, length: 1, type: audio, payload: [2])
        }
        #expect(read.times == [0xFFFF_FF00, 0x01FF_FF00])
    }

    /// Statement 10.
    @Test func timeMayGoBackByType0() {
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, time: 1000, length: 1, type: audio, payload: [1])
            client.chunk(format: 2, id: 4, time: 20, payload: [2])
            client.chunk(format: 0, id: 4, time: 500, length: 1, type: audio, payload: [3])
            client.chunk(format: 2, id: 4, time: 20, payload: [4])
        }
        #expect(read.times == [1000, 1020, 500, 520])
    }

    /// Statement 11: effective between the chunks of a message in flight.
    @Test func chunkSizeChangesWithinAMessage() {
        let payload = (0..<500).map { UInt8(truncatingIfNeeded: $0) }
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, length: 500, type: audio, payload: Array(payload[..<128]))
            client.control(.setChunkSize, 200)
            client.chunk(format: 3, id: 4, payload: Array(payload[128..<328]))
            client.control(.setChunkSize, 1)
            for byte in payload[328..<330] { client.chunk(format: 3, id: 4, payload: [byte]) }
            for bytes in ByteBuffer(integer: UInt32(4096)).readableBytesView.enumerated() {
                if bytes.offset == 0 {
                    client.chunk(format: 0, id: 2, length: 4, type: 1, stream: 0)
                } else {
                    client.chunk(format: 3, id: 2)
                }
                client.bytes.writeInteger(bytes.element)
            }
            client.chunk(format: 3, id: 4, payload: Array(payload[330...]))
        }
        #expect(read.payloads == [payload])
        #expect(read.error == nil)
    }

    /// Statements 11 and 12, hostile 3.
    @Test(arguments: [0, 0x8000_0000, 0xFFFF_FFFF] as [UInt32]) func impossibleChunkSizesAreErrors(size: UInt32) {
        #expect(Read.bothWays { $0.control(.setChunkSize, size) }.error == .chunkSizeOutOfRange(size))
    }

    /// Statement 12.
    @Test func hugeChunkSizesMeanTheLongestMessage() throws {
        var client = ClientBytes()
        client.control(.setChunkSize, 0x7FFF_FFFF)
        var reader = ChunkReader(limits: RTMPLimits())
        let output = try reader.next(&client.bytes)
        #expect(output == nil)
        #expect(reader.chunkSize == 0xFF_FFFF)
    }

    /// Hostile 3.
    @Test func aShortSetChunkSizeIsAnError() {
        let read = Read.bothWays { $0.message(id: 2, type: .setChunkSize, stream: 0, payload: [0, 0, 1]) }
        #expect(read.error == .controlMessageTooShort(messageType: 1))
    }

    /// Statement 13.
    @Test func type1OpensAChunkStreamAtTime0() {
        let read = Read.bothWays { $0.chunk(format: 1, id: 2, time: 30, length: 1, type: audio, payload: [1]) }
        #expect(read.messages == [MessageHeader(type: audio, timestamp: 30, streamID: 0, length: 1)])
    }

    /// Statement 13, hostile 4.
    @Test(arguments: [UInt8(2), 3]) func types2And3DoNotOpenAChunkStream(format: UInt8) {
        let read = Read.bothWays { $0.chunk(format: format, id: 9) }
        #expect(read.error == .chunkStreamNotOpened(chunkStreamID: 9))
    }

    /// Statement 14: type 1 with identical length continues.
    @Test func type1WithTheSameLengthContinuesAMessage() {
        let payload = [UInt8](repeating: 5, count: 200)
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, time: 40, length: 200, type: audio, payload: Array(payload[..<128]))
            client.chunk(format: 1, id: 4, time: 40, length: 200, type: audio, payload: Array(payload[128...]))
        }
        #expect(read.payloads == [payload])
        #expect(read.times == [40])
    }

    /// Statement 14, hostile 2: the length never changes within a message (CVE-2016-10191).
    @Test(arguments: [UInt8(0), 1, 2]) func newHeadersWithinAMessageAreErrors(format: UInt8) {
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, length: 200, type: audio, payload: [UInt8](repeating: 1, count: 128))
            client.chunk(format: format, id: 4, length: 5000, type: audio)
        }
        #expect(read.error == .messageInterrupted(chunkStreamID: 4))
    }

    /// Statement 15.
    @Test func messagesInterleaveChunkByChunk() {
        let (first, second) = ([UInt8](repeating: 1, count: 300), [UInt8](repeating: 2, count: 300))
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, time: 1, length: 300, type: audio, payload: Array(first[..<128]))
            client.chunk(format: 0, id: 6, time: 2, length: 300, type: audio, payload: Array(second[..<128]))
            client.chunk(format: 3, id: 4, payload: Array(first[128..<256]))
            client.chunk(format: 3, id: 6, payload: Array(second[128..<256]))
            client.chunk(format: 3, id: 6, payload: Array(second[256...]))
            client.chunk(format: 3, id: 4, payload: Array(first[256...]))
        }
        #expect(read.payloads == [second, first])
        #expect(read.times == [2, 1])
    }

    /// Statement 16.
    @Test func abortForgetsAnUnfinishedMessage() {
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, length: 200, type: audio, payload: [UInt8](repeating: 1, count: 128))
            client.control(.abort, 4)
            client.chunk(format: 0, id: 4, length: 1, type: audio, payload: [9])
        }
        #expect(read.payloads == [[9]])
    }

    /// What was aborted no longer counts as unfinished.
    @Test func abortedMessagesFreeTheirBytes() {
        var limits = RTMPLimits()
        limits.unfinishedMessageBytes = 1000
        let read = Read.bothWays(limits: limits) { client in
            for _ in 0..<100 {
                client.chunk(format: 0, id: 4, length: 200, type: audio, payload: [UInt8](repeating: 1, count: 128))
                client.control(.abort, 4)
            }
        }
        #expect(read.error == nil)
    }

    /// Statement 16, hostile 4.
    @Test(arguments: [7, 0xFFFF_FFFF] as [UInt32]) func abortOfAnUnknownChunkStreamIsIgnored(id: UInt32) {
        let read = Read.bothWays { client in
            client.control(.abort, id)
            client.message(id: 2, type: .abort, stream: 0, payload: [1])
            client.chunk(format: 0, id: 4, length: 1, type: audio, payload: [9])
        }
        #expect(read.payloads == [[9]])
    }

    /// Statement 17.
    @Test func emptyMessagesAreMessages() {
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, time: 3, type: audio)
            client.chunk(format: 2, id: 4, time: 4)
        }
        #expect(read.times == [3, 7])
        #expect(read.payloads == [[], []])
    }

    /// Statement 18: control messages on other chunk and message streams.
    @Test func setChunkSizeActsOnAnyChunkStream() throws {
        var client = ClientBytes()
        client.message(id: 9, time: 77, type: .setChunkSize, stream: 5, payload: [0, 0, 16, 0])
        var reader = ChunkReader(limits: RTMPLimits())
        let output = try reader.next(&client.bytes)
        #expect(output == nil)
        #expect(reader.chunkSize == 4096)
    }

    /// Statement 22.
    @Test func longMessagesAreRefusedByTheirHeader() {
        var limits = RTMPLimits()
        limits.messageBytesBeforePublish = 1000
        #expect(Read.bothWays(limits: limits) { $0.chunk(format: 0, id: 4, length: 1000, type: audio) }.error == nil)
        #expect(
            Read.bothWays(limits: limits) { $0.chunk(format: 0, id: 4, length: 1001, type: audio) }.error
                == .messageTooLong(messageType: audio, byteCount: 1001, limit: 1000))
    }

    /// Statement 22: accepted publishers may send longer messages, and unfinished messages are bounded in sum.
    @Test func acceptedPublishersHaveLargerLimits() throws {
        var reader = ChunkReader(limits: RTMPLimits())
        reader.isPublishing = true
        var client = ClientBytes()
        client.message(id: 4, type: .audio, payload: [UInt8](repeating: 1, count: 64 * 1024))
        let output = try reader.next(&client.bytes)
        #expect(output != nil)
    }

    /// Hostile 2: sixty chunk streams that all begin a message and never end one.
    @Test func unfinishedMessagesAreBoundedInSum() {
        var limits = RTMPLimits()
        limits.unfinishedMessageBytes = 4000
        let read = Read.bothWays(limits: limits) { client in
            for id in 3..<63 {
                client.chunk(format: 0, id: id, length: 16000, type: audio, payload: [UInt8](repeating: 0, count: 128))
            }
        }
        #expect(read.error == .tooManyUnfinishedMessages(limit: 4000))
    }

    /// Statement 22.
    @Test func chunkStreamsAreCounted() {
        let read = Read.bothWays { client in
            for id in 2...66 { client.chunk(format: 0, id: id, length: 1, type: audio, payload: [1]) }
        }
        #expect(read.messages.count == 64)
        #expect(read.error == .tooManyChunkStreams(limit: 64))
    }

    /// Statement 23: OBS puts audio and video on one chunk stream with differences of time.
    @Test func discardedVideoMovesTimeLengthAndType() {
        let video = [UInt8](repeating: 0x17, count: 1000)
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, time: 100, length: 2, type: audio, payload: [1, 2])
            client.message(id: 4, format: 1, time: 10, type: .video, payload: video)
            client.chunk(format: 1, id: 4, time: 11, length: 2, type: audio, payload: [3, 4])
            client.message(id: 4, format: 1, time: 1, type: .video, payload: [7, 7])
            client.chunk(format: 2, id: 4, time: 1, payload: [8, 8])
        }
        #expect(read.times == [100, 121])
        #expect(read.discarded.map(\.timestamp) == [110, 122, 123])
        #expect(read.discarded.map(\.length) == [1000, 2, 2])
    }

    /// Statement 22: video is long, and holds no memory.
    @Test func videoMayBeLong() {
        var client = ClientBytes()
        client.control(.setChunkSize, 0xFF_FFFF)
        client.message(
            id: 6, type: .video, payload: [UInt8](repeating: 0, count: 3_000_000), chunkSize: 0xFF_FFFF)
        client.chunk(format: 0, id: 6, length: 8 * 1024 * 1024 + 1, type: 9)
        let read = Read(client.bytes, pieceSize: 65536, limits: RTMPLimits())
        #expect(read.discarded.map(\.length) == [3_000_000])
        #expect(read.error == .messageTooLong(messageType: 9, byteCount: 8 * 1024 * 1024 + 1, limit: 8 * 1024 * 1024))
    }

    /// Statement 19.
    @Test func unknownTypesArePassedOver() {
        let read = Read.bothWays { client in
            client.chunk(format: 0, id: 4, length: 3, type: 0, payload: [1, 2, 3])
            client.chunk(format: 0, id: 4, length: 3, type: 99, payload: [1, 2, 3])
            client.chunk(format: 0, id: 4, length: 1, type: audio, payload: [5])
        }
        #expect(read.discarded.map(\.type) == [0, 99])
        #expect(read.payloads == [[5]])
    }

    /// Audio that came whole is passed on without a copy.
    @Test func wholeMessagesShareTheInputsStorage() throws {
        var client = ClientBytes()
        client.message(id: 4, type: .audio, payload: [UInt8](repeating: 1, count: 100))
        let input = client.bytes
        var reader = ChunkReader(limits: RTMPLimits())
        guard case .message(_, let payload) = try reader.next(&client.bytes) else {
            Issue.record("no message")
            return
        }
        let address = input.readableBytesView.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        let sliceAddress = payload.readableBytesView.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        #expect(sliceAddress == address + 12)
    }
}
