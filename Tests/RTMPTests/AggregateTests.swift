import NIOCore
import Testing

@testable import RTMP

@Suite struct AggregateTests {
    private static func tag(
        _ type: UInt8, time: UInt32, _ body: [UInt8], length: Int? = nil, backPointer: UInt32? = nil
    ) -> [UInt8] {
        var bytes = ByteBuffer(integer: type)
        bytes.writeUInt24(UInt32(length ?? body.count))
        bytes.writeUInt24(time)
        bytes.writeInteger(UInt8(truncatingIfNeeded: time >> 24))
        bytes.writeUInt24(0)
        bytes.writeBytes(body)
        bytes.writeInteger(backPointer ?? UInt32(body.count + 11))
        return Array(bytes.readableBytesView)
    }

    private static func events(time: UInt32, _ payload: [UInt8]) -> [RTMPEvent] {
        var run = SessionRun.publishing()
        run.feed { $0.message(id: 4, time: time, type: .aggregate, payload: payload) }
        #expect(run.error == nil)
        return run.events
    }

    private static func frame(_ time: Int64, _ byte: UInt8) -> RTMPEvent {
        .audio(AudioTag(timestamp: time, payload: .frame(.mp3, ByteBuffer(bytes: [byte]))))
    }

    /// Statement 20: the first tag has the time of the message, the others keep their distance.
    @Test(arguments: [0, 5000, 0xFFFF_FFF0 as UInt32]) func timesAreRelativeToTheFirstTag(first: UInt32) {
        let events = Self.events(
            time: 1000,
            Self.tag(8, time: first, [0x2F, 1]) + Self.tag(9, time: first &+ 5, [1, 2, 3])
                + Self.tag(
                    18, time: first &+ 7, ClientBytes.amf([.string("onMetaData"), .object(["title": .string("T")])]))
                + Self.tag(8, time: first &+ 26, [0x2F, 2]))
        #expect(
            events == [
                Self.frame(1000, 1), .video(byteCount: 3), .metadata(StreamMetadata(title: "T")), Self.frame(1026, 2),
            ])
    }

    /// Hostile 10: back pointers lie, the last one is missing.
    @Test func backPointersAreNotBelieved() {
        let events = Self.events(
            time: 0,
            Self.tag(8, time: 0, [0x2F, 1], backPointer: 0xFFFF_FFFF) + Self.tag(8, time: 9, [0x2F, 2]).dropLast(4))
        #expect(events == [Self.frame(0, 1), Self.frame(9, 2)])
    }

    /// Hostile 10: sizes past the end.
    @Test(arguments: [5, 0xFF_FFFF]) func lengthsPastTheEndAreIgnored(length: Int) {
        let lying = Self.tag(8, time: 9, [0x2F, 2], length: length).dropLast(4)
        #expect(
            Self.events(time: 0, Self.tag(8, time: 0, [0x2F, 1]) + lying) == [Self.frame(0, 1), .ignored(.aggregate)])
    }

    /// Hostile 10: aggregates within aggregates, commands within them.
    @Test(arguments: [22, 20, 17, 1, 0] as [UInt8]) func nothingButMediaIsTakenFromAggregates(type: UInt8) {
        let inner = Self.tag(type, time: 0, Self.tag(8, time: 0, [0x2F, 1]))
        #expect(Self.events(time: 0, inner) == [.ignored(.messageType(type))])
    }

    /// Before a publish was accepted aggregates are passed over without being kept.
    @Test func aggregatesOutsideAPublicationAreIgnored() {
        var run = SessionRun()
        run.answer = { _ in }
        run.feed(ClientBytes.opening().bytes)
        run.events = []
        run.feed { $0.message(id: 4, type: .aggregate, payload: Self.tag(8, time: 0, [0x2F, 1])) }
        #expect(run.events == [.ignored(.mediaOutsidePublication(messageStreamID: 1))])
    }
}
