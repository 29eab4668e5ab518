import AudioTimeline
import NIOCore
import Testing

/// Which samples of a packet are heard.
struct PacketTrimTests {
    private static func opus(preSkip: UInt16) -> CodecConfiguration {
        let fields: [UInt8] = [1, 2, UInt8(preSkip & 0xFF), UInt8(preSkip >> 8), 0x80, 0xBB, 0, 0, 0, 0, 0]
        let head = Array("OpusHead".utf8) + fields
        return CodecConfiguration(codec: .opus, sampleRate: 48_000, channels: 2, setup: head)
    }

    /// CELT, full band: frames of 2.5, 5, 10 and 20 ms.
    private static func packet(_ code: UInt8) -> ByteBuffer { ByteBuffer(bytes: [(28 + code) << 3 | 4, 1, 2, 3]) }

    @Test func preSkipReachesOverAsManyPacketsAsItTakes() throws {
        var counter = try #require(PacketCounter(Self.opus(preSkip: 312)))
        let spans = (0..<4).map { _ in counter.span(of: Self.packet(0)) }
        #expect(
            spans == [
                PacketSpan(skip: 120, length: 0), PacketSpan(skip: 120, length: 0), PacketSpan(skip: 72, length: 48),
                PacketSpan(length: 120),
            ])
    }

    @Test func bothEndsOfOnePacketAreCut() throws {
        var counter = try #require(PacketCounter(Self.opus(preSkip: 312)))
        let trims = [
            PacketTrim(end: 48), PacketTrim(start: 100), PacketTrim(end: .max), PacketTrim(start: .max, end: .max),
        ]
        let spans = trims.map { counter.span(of: Self.packet(3), trim: $0) }
        #expect(
            spans == [
                PacketSpan(skip: 312, length: 600), PacketSpan(skip: 100, length: 860), PacketSpan(length: 0),
                PacketSpan(skip: 960, length: 0),
            ])
    }

    /// A broken packet neither counts nor uses the pre-skip up.
    @Test func brokenPacketLeavesThePreSkip() throws {
        var counter = try #require(PacketCounter(Self.opus(preSkip: 312)))
        let spans = [ByteBuffer(), Self.packet(3)].map { counter.span(of: $0) }
        #expect(spans == [nil, PacketSpan(skip: 312, length: 648)])
    }

    /// Packets without a sample do not move the clock: a peer that cuts all of them would fill a batch without end.
    @Test func cutsWithoutEndAreNotBelieved() throws {
        var counter = try #require(PacketCounter(Self.opus(preSkip: 0)))
        let all = PacketTrim(start: .max)
        let cut = (0..<100).map { _ in counter.span(of: Self.packet(3), trim: all) }
        #expect(cut == cut.map { _ in PacketSpan(skip: 960, length: 0) })
        let heard = [all, .none, all].map { counter.span(of: Self.packet(3), trim: $0) }
        // The second is heard anyway, and from there on cuts are believed again.
        #expect(heard == [PacketSpan(length: 960), PacketSpan(length: 960), PacketSpan(skip: 960, length: 0)])
    }

    /// The longest pre-skip that can be written, with the timestamps that a container gives: the leg has no gap, and its
    /// sample 0 is the first that is heard.
    @Test func longestPreSkipIsNoGap() throws {
        var stream = VirtualStream()
        try stream.configure(Self.opus(preSkip: 65_535))
        let start = stream.now
        for number in 0..<200 {
            stream.wait(until: start + Int64(number + 1) * 20 * VirtualStream.millisecond)
            try stream.packet(Self.packet(3), timestamp: Int64(number) * 20 * VirtualStream.millisecond)
        }
        stream.end()
        let items = stream.released.flatMap(\.batch.items)
        let packets = items.compactMap { if case .packet(let packet) = $0 { packet } else { nil } }
        #expect(packets.count == 200)
        #expect(items.allSatisfy { if case .silence = $0 { false } else { true } })
        var position: Int64 = 0
        var skipped: Int64 = 0
        for packet in packets {
            #expect(packet.position == position)
            position += Int64(packet.length)
            skipped += Int64(packet.skip)
        }
        #expect(skipped == 65_535)
        #expect(position == 126_465)
        #expect(Set(stream.released.compactMap(\.batch.leg?.number)) == [0])
    }

    /// A trim travels with its packet, and costs nothing where there is none.
    @Test func trimTravels() throws {
        func batch(_ skip: Int32) -> SourceBatch {
            let packet = SourcePacket(position: 7, length: 648, skip: skip, payload: ByteBuffer(bytes: [1, 2]))
            return SourceBatch(
                epoch: 1, sequence: 2, epochDateMicroseconds: 3,
                leg: Leg(number: 0, start: 0, configuration: Self.opus(preSkip: 312)), items: [.packet(packet)])
        }
        for skip in [0, 1, 312, SourcePacket.mostSamples] {
            #expect(try SourceBatch(decoding: batch(skip).encoded()) == batch(skip))
        }
        #expect(batch(312).encoded().readableBytes == batch(0).encoded().readableBytes + 4)
        for skip in [-1, SourcePacket.mostSamples + 1, .max] {
            #expect(throws: WireError.malformed) { try SourceBatch(decoding: batch(skip).encoded()) }
        }
    }
}
