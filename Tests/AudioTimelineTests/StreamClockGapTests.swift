import AudioTimeline
import NIOCore
import Testing

/// Gaps, wild timestamps, lost connections, stalls and lumps.
struct StreamClockGapTests {
    private static let second = VirtualStream.second

    /// Half a second that really is missing becomes exactly so much silence, and a new leg behind it. With long
    /// packets too, of which few say so before patience ends.
    @Test(arguments: [VirtualSource.aac(rate: 48_000), .mp3, .opus, .longOpus])
    func realGapBecomesSilence(source: VirtualSource) throws {
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        let start = stream.now
        try stream.pushInRealTime(source, packets: 0..<200, from: start) { source.milliseconds(ofPackets: $0) }
        let gap = 500 * VirtualStream.millisecond
        try stream.pushInRealTime(source, packets: 200..<400, from: start + gap) {
            source.milliseconds(ofPackets: $0) + gap
        }
        stream.end()
        #expect(stream.silences.count == 1)
        // To the millisecond that the timestamps have.
        #expect(abs((stream.silences.first?.length ?? 0) - 24_000) <= 48)
        #expect(stream.legs.map(\.number) == [0, 1])
        let silence = try #require(stream.silences.first)
        #expect(stream.legs[1].start == silence.start + silence.length)
        #expect(stream.packetCount == 400)
    }

    /// One stray timestamp changes nothing.
    @Test(arguments: [5_000, -5_000, 150, -150, 1_728_000_000] as [Int64])
    func strayTimestampIsIgnored(milliseconds: Int64) throws {
        let source = VirtualSource.aac(rate: 44_100)
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        try stream.pushInRealTime(source, packets: 0..<300, from: stream.now) {
            source.milliseconds(ofPackets: $0) + ($0 == 150 ? milliseconds * VirtualStream.millisecond : 0)
        }
        stream.end()
        #expect(stream.silences.isEmpty)
        #expect(stream.legs.count == 1)
        #expect(stream.packetCount == 300)
        #expect(stream.items.last == .end(position: stream.legs[0].position(ofSample: 300 * 1024)))
    }

    /// Timestamps gone mad: the audio goes on, without giant silences.
    @Test(arguments: 0..<9)
    func wildTimestampsAreBounded(kind: Int) throws {
        let source = VirtualSource.aac(rate: 48_000)
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        try stream.pushInRealTime(source, packets: 0..<500, from: stream.now) { number in
            let usual = source.milliseconds(ofPackets: number)
            switch kind {
            case 0: return number < 100 ? usual : usual + 20 * 86_400 * Self.second
            case 1: return number % 2 == 0 ? 0 : 4_294_967_295 * VirtualStream.millisecond
            case 2: return 0
            case 3: return number < 100 ? usual : usual - Self.second
            case 4: return number % 2 == 0 ? .min : .max
            case 5: return number % 3 == 0 ? nil : Int64(number) &* -0x61C8_8646_80B5_83EB
            case 6: return number < 100 ? .min : usual
            case 7: return number < 100 ? usual : .max
            default: return number < 100 ? nil : usual
            }
        }
        stream.end()
        #expect(stream.packetCount == 500)
        #expect(stream.silences.isEmpty)
        #expect(stream.items.last == .end(position: 500 * 1024))
    }

    /// Packets come out in the order in which they came, whatever their timestamps.
    @Test func packetsKeepTheirOrder() throws {
        let source = VirtualSource.aac(rate: 48_000)
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        for number in 0..<400 {
            stream.wait(milliseconds: 21)
            let stamp: Int64? =
                number % 7 == 0 ? nil : number % 5 == 0 ? 9 * Self.second : source.milliseconds(ofPackets: number)
            try stream.packet(ByteBuffer(integer: UInt32(number)), timestamp: stamp)
        }
        stream.end()
        let numbers = stream.items.compactMap { item -> UInt32? in
            if case .packet(let packet) = item { packet.payload.getInteger(at: 0) } else { nil }
        }
        #expect(numbers == (0..<400).map { UInt32($0) })
    }

    /// A connection lost for 5 s and back with another codec: silence in real time, a new leg where real time stands,
    /// in the same epoch.
    @Test func otherCodecAfterALostConnection() throws {
        let before = VirtualSource.aac(rate: 44_100)
        var stream = VirtualStream()
        try stream.configure(before.configuration)
        let start = stream.now
        try stream.pushInRealTime(before, packets: 0..<431, from: start) { before.milliseconds(ofPackets: $0) }
        let lost = stream.now
        stream.lose()
        #expect(throws: StreamClock.Refusal.noConfiguration) { try stream.packet(before.payload, timestamp: 0) }
        for tenth in 1...50 {
            stream.wait(until: lost + Int64(tenth) * 100 * VirtualStream.millisecond)
            let behind = stream.now - start - Timeline.nanoseconds(samples: stream.clock.position)
            #expect((-1_000_000...60_000_000).contains(behind))
        }
        let after = VirtualSource.opus
        try stream.configure(after.configuration)
        let back = stream.now
        try stream.pushInRealTime(after, packets: 0..<250, from: back) { after.nanoseconds(ofPackets: $0) }
        stream.end()
        #expect(stream.legs.map(\.configuration.codec) == [.aac, .opus])
        #expect(stream.released.allSatisfy { $0.batch.epoch == 7 })
        let first = stream.legs[0].position(ofSample: 431 * 1024)
        #expect(stream.silences.first?.start == first)
        #expect(stream.silences.reduce(first) { $0 + $1.length } == stream.legs[1].start)
        // The first packet was captured one packet before it arrived.
        let expected = Timeline.samples(nanoseconds: back - start)
        #expect(abs(stream.legs[1].start - expected) < 4_800)
    }

    /// Three seconds of nothing on a live connection: silence begins only 2 s behind, what then comes late is dropped
    /// as far as silence already stands in its place, and the rest lies where its timestamps say.
    @Test func lateBacklogIsDropped() throws {
        let source = VirtualSource.aac(rate: 48_000)
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        let start = stream.now
        try stream.pushInRealTime(source, packets: 0..<469, from: start) { source.milliseconds(ofPackets: $0) }
        let stalled = stream.now
        stream.wait(until: stalled + 1_990 * VirtualStream.millisecond)
        #expect(stream.silences.isEmpty)
        stream.wait(until: stalled + 3 * Self.second)
        #expect(!stream.silences.isEmpty)
        // The backlog at once, then in real time.
        for number in 469..<610 { try stream.packet(source.payload, timestamp: source.milliseconds(ofPackets: number)) }
        // The network delivers a little late from now on: that must not be taken for more late data.
        try stream.pushInRealTime(source, packets: 610..<900, from: start + 5 * VirtualStream.millisecond) {
            source.milliseconds(ofPackets: $0)
        }
        stream.end()
        #expect(stream.legs.count == 2)
        // The second leg's packets lie where the timestamps say, to a packet's rounding.
        let dropped = 900 - stream.packetCount
        #expect((139...142).contains(dropped))
        #expect(abs(stream.legs[1].start - Int64(469 + dropped) * 1024) <= 1024)
        let lateness = stream.now - start - Timeline.nanoseconds(samples: stream.clock.position)
        #expect(abs(lateness) < 40_000_000)
    }

    /// The same without timestamps goes on where real time stands.
    @Test func stallWithoutTimestampsGoesOnAtRealTime() throws {
        let source = VirtualSource.mp3
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        let start = stream.now
        try stream.pushInRealTime(source, packets: 0..<200, from: start) { _ in nil }
        let paused = 4 * Self.second
        try stream.pushInRealTime(source, packets: 200..<400, from: start + paused) { _ in nil }
        stream.end()
        #expect(stream.packetCount == 400)
        #expect(stream.legs.count == 2)
        let lateness = stream.now - start - Timeline.nanoseconds(samples: stream.clock.position)
        #expect(abs(lateness) < 60_000_000)
    }

    /// A source whose timestamps stood still while it was paused is heard again after 3 s at the latest.
    @Test func lateTimestampsAreNotBelievedForEver() throws {
        let source = VirtualSource.opus
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        let start = stream.now
        try stream.pushInRealTime(source, packets: 0..<200, from: start) { source.nanoseconds(ofPackets: $0) }
        try stream.pushInRealTime(source, packets: 200..<600, from: start + 10 * Self.second) {
            source.nanoseconds(ofPackets: $0)
        }
        stream.end()
        #expect((449...451).contains(stream.packetCount))
        #expect(stream.legs.count == 2)
    }

    /// Lumps of a second are evened out after the first, and the date knows when they were captured.
    @Test(arguments: [true, false])
    func lumpsComeOutEvenly(hasTimestamps: Bool) throws {
        let source = VirtualSource.opus
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        let start = stream.now
        for lump in 0..<30 {
            stream.wait(until: start + Int64(lump + 1) * Self.second)
            for number in lump * 50..<(lump + 1) * 50 {
                try stream.packet(
                    source.payload, timestamp: hasTimestamps ? source.nanoseconds(ofPackets: number) : nil)
            }
        }
        stream.wait(milliseconds: 1_500)
        let times = stream.released.map(\.time).filter { $0 > start + 2 * Self.second && $0 < start + 31 * Self.second }
        #expect(times.count > 250)
        let longest = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? 0
        #expect(longest <= 250 * VirtualStream.millisecond)
        #expect(stream.silences.isEmpty)
        #expect(stream.packetCount > 1450)
        let anchor = try #require(stream.anchor)
        #expect(abs(anchor - start) <= 200 * VirtualStream.millisecond)
    }

    /// Half a second missing from a lumpy source is silence as well.
    @Test func gapInLumpsBecomesSilence() throws {
        let source = VirtualSource.opus
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        let start = stream.now
        let gap = 500 * VirtualStream.millisecond
        for lump in 0..<20 {
            let shift = lump < 10 ? 0 : gap
            stream.wait(until: start + Int64(lump + 1) * Self.second + shift)
            for number in lump * 50..<(lump + 1) * 50 {
                try stream.packet(source.payload, timestamp: source.nanoseconds(ofPackets: number) + shift)
            }
        }
        stream.end()
        #expect(stream.silences.map(\.length) == [24_000])
        #expect(stream.packetCount == 1000)
    }

    /// A file pushed as fast as it goes: the lead tells the shell to stop reading, from the first packet on.
    @Test func fileFasterThanRealTimeLeads() throws {
        let source = VirtualSource.mp3
        var stream = VirtualStream()
        let limit = StreamClock.Limits().leadNanoseconds
        try stream.configure(source.configuration)
        var read = 0
        var farthest: Int64 = 0
        for _ in 0..<2_000 {
            if stream.clock.lead(now: stream.now) <= limit {
                try stream.packet(source.payload, timestamp: source.milliseconds(ofPackets: read))
                read += 1
            } else {
                stream.wait(milliseconds: 10)
            }
            farthest = max(farthest, stream.clock.lead(now: stream.now))
        }
        #expect((limit - 50_000_000...limit + 50_000_000).contains(farthest))
        stream.end()
        #expect(stream.silences.isEmpty)
        #expect(stream.packetCount == read)
    }

    /// Set-up data that changes all the time, and names of songs without any audio, take no room.
    @Test func repeatedAnnouncementsAreNotKept() throws {
        var stream = VirtualStream()
        let sources = [VirtualSource.aac(rate: 48_000), .aac(rate: 44_100)]
        for number in 0..<10_000 {
            try stream.configure(sources[number % 2].configuration, isNewConnection: number == 0)
            stream.clock.nowPlayingChanged(NowPlaying(title: "\(number)"), now: stream.now)
        }
        try stream.packet(sources[1].payload, timestamp: 0)
        stream.end()
        #expect(stream.legs.map(\.configuration) == [sources[1].configuration])
        #expect(stream.items.count < 10)
    }
}
