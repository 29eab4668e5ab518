import AudioTimeline
import NIOCore
import Testing

/// Pages that hold many seconds arrive when their last sample was captured: they are placed by their end.
struct BurstPlacementTests {
    private static let second = VirtualStream.second

    /// Frames of 4096 samples at 44.1 kHz; silence has 14 bytes.
    private struct FLAC {
        static let configuration = CodecConfiguration(
            codec: .flac, sampleRate: 44_100, channels: 2, setup: [UInt8](repeating: 0, count: 34))
        static let nanoseconds: Int64 = 4096 * 1_000_000_000 / 44_100
        static func frame(bytes: Int) -> ByteBuffer {
            ByteBuffer(bytes: [0xFF, 0xF8, 0xC9, 0x18, 0, 0] + [UInt8](repeating: 0, count: bytes - 6))
        }
    }

    /// Frames that come together, so many that they end at `stream.now`.
    private func page(_ stream: inout VirtualStream, frames: Int, bytes: Int = 14, from first: Int64? = nil) throws {
        for number in 0..<frames {
            try stream.packet(
                FLAC.frame(bytes: bytes), timestamp: first.map { $0 + Int64(number) * FLAC.nanoseconds })
            #expect(stream.clock.lead(now: stream.now) < 2 * Self.second, "the encoder is held back")
        }
    }

    /// A tone as FLAC has it: a frame at a time, each when it is complete.
    private func tone(_ stream: inout VirtualStream, frames: Int, from first: Int64? = nil) throws {
        let start = stream.now
        for number in 0..<frames {
            stream.wait(until: start + Int64(number + 1) * FLAC.nanoseconds)
            try stream.packet(
                FLAC.frame(bytes: 5_000), timestamp: first.map { $0 + Int64(number) * FLAC.nanoseconds })
        }
    }

    /// By how much the clock's edge lies ahead of real time, as the newest batch dates it.
    private func ahead(_ stream: VirtualStream) throws -> Int64 {
        let anchor = try #require(stream.anchor)
        return Timeline.nanoseconds(samples: stream.clock.position) - (stream.now - anchor)
    }

    /// Nothing was released before its time, and the last packet lies where it was captured.
    private func check(_ stream: VirtualStream, begins start: Int64) throws {
        let anchor = try #require(stream.anchor)
        #expect(abs(anchor - start) < 200 * VirtualStream.millisecond, "\((anchor - start) / 1_000_000) ms")
        for (time, batch) in stream.released {
            for case .packet(let packet) in batch.items {
                let leg = try #require(batch.leg)
                let place = Timeline.nanoseconds(samples: leg.position(ofSample: packet.position))
                #expect(place <= time - anchor + 200 * VirtualStream.millisecond)
            }
        }
        let ahead = try ahead(stream)
        #expect(abs(ahead) < 250 * VirtualStream.millisecond, "\(ahead / 1_000_000) ms")
        #expect(stream.clock.delay == 0)
    }

    @Test(arguments: [true, false]) func atTheBeginning(hasTimestamps: Bool) throws {
        var stream = VirtualStream()
        let start = stream.now
        try stream.configure(FLAC.configuration, connectedAt: start)
        stream.wait(until: start + 162 * FLAC.nanoseconds)
        try page(&stream, frames: 162, from: hasTimestamps ? 0 : nil)
        try tone(&stream, frames: 43, from: hasTimestamps ? 162 * FLAC.nanoseconds : nil)
        stream.wait(milliseconds: 50)
        try check(stream, begins: start)
        #expect(stream.silences.isEmpty)
        stream.end()
        #expect(stream.packetCount == 205)
    }

    enum Link { case same, announcedEarly, announcedLate }

    /// Behind a link of its own, as Liquidsoap begins, and within one; the silence that stood in for the page stays.
    @Test(arguments: [Link.same, .announcedEarly, .announcedLate], [true, false])
    func inTheMiddle(link: Link, hasTimestamps: Bool) throws {
        var stream = VirtualStream()
        let start = stream.now
        try stream.configure(FLAC.configuration, connectedAt: start)
        try tone(&stream, frames: 6, from: hasTimestamps ? 0 : nil)
        if link == .announcedEarly { try stream.configure(FLAC.configuration, isNewConnection: false) }
        stream.wait(until: start + (6 + 255) * FLAC.nanoseconds)
        #expect(!stream.silences.isEmpty)
        let origin: Int64 = link == .same ? 6 * FLAC.nanoseconds : 0
        if link == .announcedLate { try stream.configure(FLAC.configuration, isNewConnection: false) }
        try page(&stream, frames: 255, from: hasTimestamps ? origin : nil)
        try tone(&stream, frames: 43, from: hasTimestamps ? origin + 255 * FLAC.nanoseconds : nil)
        stream.wait(milliseconds: 50)
        try check(stream, begins: start)
        stream.end()
        // The page is gone but for its very end, the tone is whole.
        #expect((49...53).contains(stream.packetCount), "\(stream.packetCount)")
    }

    /// Pages of silence one after the other.
    @Test func againAndAgain() throws {
        var stream = VirtualStream()
        let start = stream.now
        try stream.configure(FLAC.configuration, connectedAt: start)
        for number in 1...4 {
            stream.wait(until: start + Int64(number) * 255 * FLAC.nanoseconds)
            try page(&stream, frames: 255, from: Int64(number - 1) * 255 * FLAC.nanoseconds)
        }
        try tone(&stream, frames: 43, from: 4 * 255 * FLAC.nanoseconds)
        stream.wait(milliseconds: 50)
        try check(stream, begins: start)
    }

    @Test(arguments: [0, 3, 20] as [Int64]) func behindAReconnect(gone: Int64) throws {
        var stream = VirtualStream()
        let start = stream.now
        try stream.configure(VirtualSource.opus.configuration, connectedAt: start)
        try stream.pushInRealTime(.opus, packets: 0..<250, from: start) {
            VirtualSource.opus.nanoseconds(ofPackets: $0)
        }
        stream.lose()
        stream.wait(until: stream.now + gone * Self.second)
        let back = stream.now
        try stream.configure(FLAC.configuration, connectedAt: back)
        stream.wait(until: back + 162 * FLAC.nanoseconds)
        try page(&stream, frames: 162, from: 0)
        try tone(&stream, frames: 43, from: 162 * FLAC.nanoseconds)
        stream.wait(milliseconds: 50)
        try check(stream, begins: start)
        stream.end()
        #expect((250 + 43...250 + 48).contains(stream.packetCount), "\(stream.packetCount)")
    }

    /// Bursts of four or ten seconds of music are a habit that is worth its delay: from the third on nothing is lost, and
    /// all lies where it was captured.
    @Test(arguments: [4, 10] as [Int64]) func musicInLongBurstsIsHeard(seconds: Int64) throws {
        var stream = VirtualStream()
        let start = stream.now
        let source = VirtualSource.aac(rate: 48_000)
        try stream.configure(source.configuration, connectedAt: start)
        let count = Int(seconds * 48_000 / 1024)
        for burst in 0..<8 {
            stream.wait(until: start + source.nanoseconds(ofPackets: (burst + 1) * count))
            for number in burst * count..<(burst + 1) * count {
                try stream.packet(
                    ByteBuffer(repeating: 1, count: 300), timestamp: source.nanoseconds(ofPackets: number))
            }
        }
        stream.wait(milliseconds: seconds * 1_000)
        let anchor = try #require(stream.anchor)
        #expect(abs(anchor - start) < 200 * VirtualStream.millisecond)
        #expect(stream.packetCount >= 6 * count, "\(stream.packetCount) of \(8 * count)")
        // The last legs' packets are dated when they were captured.
        let leg = try #require(stream.legs.last)
        let last = stream.released.last { $0.batch.leg == leg }
        #expect(last != nil)
        let behind = stream.now - anchor - Timeline.nanoseconds(samples: stream.clock.position)
        #expect((0...(seconds + 1) * Self.second).contains(behind), "\(behind / 1_000_000) ms")
        let recent = stream.silences.filter { Timeline.nanoseconds(samples: $0.start) > 3 * seconds * Self.second }
        #expect(recent.isEmpty, "\(recent)")
    }

    /// A network that stood still once for three seconds costs no delay.
    @Test func aSingleStallCostsNoDelay() throws {
        var stream = VirtualStream()
        let start = stream.now
        let source = VirtualSource.aac(rate: 48_000)
        let music = ByteBuffer(repeating: 1, count: 300)
        try stream.configure(source.configuration, connectedAt: start)
        for number in 0..<300 {
            if !(100..<241).contains(number) {
                stream.wait(until: start + source.nanoseconds(ofPackets: number + 1))
            } else if number == 100 {
                stream.wait(until: start + source.nanoseconds(ofPackets: 241))
            }
            try stream.packet(music, timestamp: source.nanoseconds(ofPackets: number))
        }
        #expect(stream.clock.delay == 0)
        #expect(abs(try ahead(stream)) < 100 * VirtualStream.millisecond)
    }

    /// Hundreds of packets that each last 120 ms, sent at once: the timeline takes them when their time has come.
    @Test func whatIsAheadWaitsForItsTime() throws {
        var stream = VirtualStream()
        let start = stream.now
        try stream.configure(VirtualSource.longOpus.configuration, connectedAt: start)
        for _ in 0..<2_000 { try stream.packet(VirtualSource.longOpus.payload, timestamp: nil) }
        stream.wait(milliseconds: 3_000)
        #expect((2 * Self.second...6 * Self.second).contains(Timeline.nanoseconds(samples: stream.clock.position)))
        #expect(try ahead(stream) <= 320 * VirtualStream.millisecond)
        // Another connection does not wait for the rest of them.
        stream.lose()
        let back = stream.now
        try stream.configure(VirtualSource.opus.configuration, connectedAt: back)
        try stream.pushInRealTime(.opus, packets: 0..<100, from: back) { VirtualSource.opus.nanoseconds(ofPackets: $0) }
        #expect(abs(try ahead(stream)) <= 320 * VirtualStream.millisecond)
        stream.end()
        #expect(stream.legs.map(\.configuration.codec) == [.opus, .opus])
        // Nor does the end let them run far ahead.
        try #require(stream.clock.hasEnded)
        #expect(try ahead(stream) <= Self.second)
    }

    @Test func theEndLetsNothingRunFarAhead() throws {
        var stream = VirtualStream()
        try stream.configure(VirtualSource.longOpus.configuration, connectedAt: stream.now)
        for _ in 0..<2_000 { try stream.packet(VirtualSource.longOpus.payload, timestamp: nil) }
        stream.end()
        #expect(try ahead(stream) <= 31 * Self.second)
    }

    /// A file that comes back behind a lost connection loses nothing in front.
    @Test func aFileBehindAReconnectIsWhole() throws {
        var stream = VirtualStream()
        let start = stream.now
        try stream.configure(VirtualSource.opus.configuration, connectedAt: start)
        try stream.pushInRealTime(.opus, packets: 0..<250, from: start) {
            VirtualSource.opus.nanoseconds(ofPackets: $0)
        }
        stream.lose()
        stream.wait(milliseconds: 3_000)
        try stream.configure(VirtualSource.mp3.configuration, connectedAt: stream.now)
        var sent = 0
        while sent < 300 {
            if stream.clock.lead(now: stream.now) <= 5 * Self.second {
                try stream.packet(VirtualSource.mp3.payload, timestamp: nil)
                sent += 1
            } else {
                stream.wait(milliseconds: 10)
            }
        }
        stream.end()
        #expect(stream.packetCount == 550)
    }
}
