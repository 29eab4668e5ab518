import AudioTimeline
import NIOCore
import Testing

/// A source that behaves, for as long as it likes.
struct StreamClockTests {
    /// RTMP's milliseconds (23, 23, 24 …; 26, 26, 27 …) never look like a gap, and every packet lies exactly where the
    /// codec's frames put it.
    @Test(arguments: [VirtualSource.aac(rate: 44_100), .mp3])
    func roundedTimestampsTearNoHoles(source: VirtualSource) throws {
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        let start = stream.now
        let hours = 10
        let count = hours * 3600 * source.configuration.sampleRate / source.samples
        var expected: Int64 = 0
        for block in stride(from: 0, to: count, by: 10_000) {
            try stream.pushInRealTime(source, packets: block..<min(count, block + 10_000), from: start) {
                source.milliseconds(ofPackets: $0)
            }
            if block + 10_000 >= count { stream.end() }
            for (_, batch) in stream.takeReleased() {
                let leg = try #require(batch.leg)
                #expect(leg.number == 0 && leg.start == 0)
                for item in batch.items {
                    switch item {
                    case .packet(let packet):
                        guard packet.position == expected, Int(packet.length) == source.samples else {
                            Issue.record("packet at \(packet.position), not at \(expected)")
                            return
                        }
                        expected += Int64(source.samples)
                    case .legEnd(let position), .end(let position):
                        #expect(position == leg.position(ofSample: expected))
                    default: Issue.record("\(item)")
                    }
                }
            }
        }
        #expect(expected == Int64(count * source.samples))
    }

    /// An encoder whose clock is 100 ppm off for a day: neither gap nor silence, the date stays true and moves gently,
    /// whether the timestamps follow the encoder's samples or the computer's clock.
    @Test(arguments: [(1.000_1, true), (0.999_9, true), (1.000_1, false), (0.999_9, false)])
    func driftIsFollowedForADay(speed: Double, stampsAreRealTime: Bool) throws {
        let source = VirtualSource.longOpus
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        let start = stream.now
        let count = 86_400 * 48_000 / source.samples
        var lastDate: (segment: Int64, anchor: Int64)?
        var farthest: Int64 = 0
        var largestStep: Int64 = 0
        for number in 0..<count {
            let trueNanoseconds = Int64(Double(source.nanoseconds(ofPackets: number + 1)) * speed)
            stream.now = start + trueNanoseconds
            let stamp =
                stampsAreRealTime
                ? trueNanoseconds / 1_000_000 * 1_000_000 : source.milliseconds(ofPackets: number + 1)
            try stream.packet(source.payload, timestamp: stamp)
            guard let anchor = stream.anchor else { continue }
            let position = stream.clock.position
            farthest = max(farthest, abs(anchor + Timeline.nanoseconds(samples: position) - stream.now))
            let segment = position / Timeline.segmentSamples
            if let last = lastDate, last.segment != segment || last.anchor != anchor {
                largestStep = max(largestStep, abs(anchor - last.anchor) / max(1, segment - last.segment))
            }
            lastDate = (segment, anchor)
            for (_, batch) in stream.takeReleased() {
                for item in batch.items {
                    guard case .packet = item else {
                        Issue.record("\(item) at \(position)")
                        return
                    }
                }
            }
        }
        #expect(stream.clock.position == Int64(count * source.samples))
        #expect(farthest <= 200_000_000)
        #expect(largestStep <= 10_001_000)
    }

    /// Batches end with what lets a worker complete a part, count up, name the leg of their packets, and survive coding.
    @Test func batchesAreCutOnTheSlotGrid() throws {
        let source = VirtualSource.aac(rate: 48_000)
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        try stream.pushInRealTime(source, packets: 0..<1000, from: stream.now) { source.milliseconds(ofPackets: $0) }
        stream.end()
        let batches = stream.released.map(\.batch)
        #expect(batches.map(\.sequence) == (0..<UInt64(batches.count)).map { $0 })
        #expect(batches.allSatisfy { $0.epoch == 7 && $0.leg?.number == 0 })
        var ends: [Int64] = []
        var end: Int64 = 0
        for batch in batches {
            #expect(try SourceBatch(decoding: batch.encoded()) == batch)
            for case .packet(let packet) in batch.items { end = packet.position + Int64(packet.length) }
            ends.append(end)
        }
        // Each slot can be completed, 2048 samples behind its end, with a batch that ends within a packet of that.
        for slot in 1..<(1_024_000 / Timeline.slotSamples - 1) {
            let needed = slot * Timeline.slotSamples + 2048
            #expect(ends.contains { (needed..<needed + 1024).contains($0) })
        }
        let seconds = Double(end) / 48_000
        #expect((9.0...11.5).contains(Double(batches.count) / seconds))
        #expect(batches.last?.items.suffix(2) == [.legEnd(position: 1_024_000), .end(position: 1_024_000)])
    }

    /// Where a resampler holds samples back, batches end that much later.
    @Test(arguments: [(44_100, Int64(18)), (24_000, 32), (16_000, 48)])
    func batchesWaitForTheResampler(rate: Int, held: Int64) throws {
        let source = VirtualSource.aac(rate: rate)
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        try stream.pushInRealTime(source, packets: 0..<500, from: stream.now) { source.milliseconds(ofPackets: $0) }
        stream.end()
        let leg = Leg(number: 0, start: 0, configuration: source.configuration)
        let ends = stream.released.map(\.batch).compactMap { batch in
            batch.items.compactMap { item -> Int64? in
                guard case .packet(let packet) = item else { return nil }
                return leg.position(ofSample: packet.position + Int64(packet.length))
            }.last
        }
        let packet = leg.position(ofSample: 1024)
        for slot in 1..<40 {
            let needed = Int64(slot) * Timeline.slotSamples + 2048 + held
            #expect(ends.contains { (needed..<needed + packet).contains($0) })
        }
    }

    /// The end places all that waits, and nothing comes after it.
    @Test func endFlushesEverything() throws {
        let source = VirtualSource.opus
        var stream = VirtualStream()
        try stream.configure(source.configuration)
        for number in 0..<5 { try stream.packet(source.payload, timestamp: source.nanoseconds(ofPackets: number)) }
        #expect(stream.released.isEmpty)
        stream.end()
        #expect(stream.packetCount == 5)
        #expect(stream.items.last == .end(position: 4800))
        #expect(stream.clock.hasEnded)
        #expect(stream.clock.nextWake(now: stream.now) == nil)
        let count = stream.released.count
        stream.clock.nowPlayingChanged(NowPlaying(title: "late"), now: stream.now)
        stream.clock.timePassed(now: stream.now + 60 * VirtualStream.second)
        stream.end()
        #expect(stream.released.count == count)
    }

    @Test func streamThatNeverBeganEndsAtZero() {
        var stream = VirtualStream()
        stream.end()
        #expect(stream.items == [.end(position: 0)])
    }

    @Test(arguments: [
        CodecConfiguration(codec: .aac, sampleRate: 48_000, channels: 2),
        CodecConfiguration(codec: .aac, sampleRate: 48_000, channels: 2, setup: [0xFF]),
        CodecConfiguration(codec: .vorbis, sampleRate: 48_000, channels: 2, setup: [2, 30, 30]),
    ])
    func wrongConfigurationsAreRefused(configuration: CodecConfiguration) {
        var stream = VirtualStream()
        #expect(throws: StreamClock.Refusal.unreadableConfiguration) { try stream.configure(configuration) }
        #expect(throws: StreamClock.Refusal.noConfiguration) {
            try stream.packet(ByteBuffer(bytes: [1]), timestamp: 0)
        }
    }

    /// A rate that no converter takes is refused with its number, before it is counted with; the highest of FLAC are taken.
    @Test func ratesAreRefusedByNumber() throws {
        for rate in [Int.min, -44_100, 0, 1, 7_349, 384_001, 655_350, .max] {
            var stream = VirtualStream()
            let flac = CodecConfiguration(codec: .flac, sampleRate: rate, channels: 2)
            #expect(throws: StreamClock.Refusal.unsupportedRate(rate)) { try stream.configure(flac) }
        }
        for rate in [7_350, 192_000, 352_800, 384_000] {
            var stream = VirtualStream()
            try stream.configure(CodecConfiguration(codec: .flac, sampleRate: rate, channels: 2))
        }
    }

    /// What waits is bounded in bytes, empty packets included; broken packets are left out.
    @Test func overflowAndBrokenPacketsAreRefused() throws {
        var limits = StreamClock.Limits()
        limits.pendingBytes = 10_000
        var stream = VirtualStream(limits: limits)
        try stream.configure(VirtualSource.opus.configuration)
        #expect(throws: StreamClock.Refusal.brokenPacket) { try stream.packet(ByteBuffer(), timestamp: 0) }
        #expect(throws: StreamClock.Refusal.brokenPacket) {
            try stream.packet(ByteBuffer(bytes: [3, 0]), timestamp: 0)
        }
        #expect(throws: StreamClock.Refusal.overflow) {
            try stream.packet(ByteBuffer(repeating: 0, count: 10_001), timestamp: 0)
        }
        try stream.configure(VirtualSource.aac(rate: 48_000).configuration)
        #expect(throws: StreamClock.Refusal.overflow) {
            for _ in 0..<1000 { try stream.packet(ByteBuffer(), timestamp: nil) }
        }
    }
}
