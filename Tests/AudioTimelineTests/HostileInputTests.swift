import AudioTimeline
import NIOCore
import TestSupport
import Testing

/// Damaged input is refused or read as something, but never stops the process.
struct HostileInputTests {
    private static let rounds = 10_000

    private func mutate(_ seed: UInt64, _ sound: [[UInt8]], _ read: ([UInt8]) -> Bool) -> Int {
        var generator = SplitMix64(seed: seed)
        var refused = 0
        for round in 0..<Self.rounds where !read(generator.mutated(sound[round % sound.count])) { refused += 1 }
        return refused
    }

    private func isDecodable(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            return false
        }
    }

    @Test func sourceBatches() throws {
        let leg = Leg(number: 2, start: 77, configuration: VirtualSource.aac(rate: 44_100).configuration)
        let batch = SourceBatch(
            epoch: 4, sequence: 9, epochDateMicroseconds: -5, leg: leg,
            items: [
                .packet(SourcePacket(position: 2048, length: 1024, payload: ByteBuffer(bytes: 0..<40))),
                .silence(start: 5, length: 9), .legEnd(position: 14), .end(position: 15),
                .nowPlaying(NowPlaying(title: "Título", artist: "Künstler"), position: 3),
            ])
        #expect(try SourceBatch(decoding: batch.encoded()) == batch)
        let refused = mutate(1, [Array(batch.encoded().readableBytesView)]) { bytes in
            isDecodable { _ = try SourceBatch(decoding: ByteBuffer(bytes: bytes)) }
        }
        #expect(refused > Self.rounds / 10)
        var newer = batch.encoded()
        newer.setInteger(UInt8(2), at: newer.readerIndex)
        #expect(throws: WireError.unknownVersion(2)) { try SourceBatch(decoding: newer) }
        // An announced count of four thousand million items reserves nothing.
        var lying = SourceBatch(epoch: 1, sequence: 1, epochDateMicroseconds: 0, leg: nil, items: []).encoded()
        lying.setInteger(UInt32.max, at: lying.writerIndex - 4)
        #expect(throws: WireError.malformed) { try SourceBatch(decoding: lying) }
    }

    /// Numbers that would overflow whoever reckons with them are no batch, in whatever field they stand.
    @Test func impossibleNumbersAreNoBatch() throws {
        let flac = CodecConfiguration(codec: .flac, sampleRate: 48_000, channels: 2)
        func decode(
            date: Int64 = 0, start: Int64 = 0, rate: Int = 48_000, _ item: SourceItem
        ) throws -> SourceBatch {
            var leg = Leg(number: 0, start: start, configuration: flac)
            leg.configuration.sampleRate = rate
            let batch = SourceBatch(epoch: 1, sequence: 0, epochDateMicroseconds: date, leg: leg, items: [item])
            return try SourceBatch(decoding: batch.encoded())
        }
        func packet(_ position: Int64, _ length: Int32) -> SourceItem {
            .packet(SourcePacket(position: position, length: length, payload: ByteBuffer()))
        }
        _ = try decode(start: Timeline.farthestPosition, packet(Timeline.farthestPosition, SourcePacket.mostSamples))
        for number in [-1, Timeline.farthestPosition + 1, .max, .min] {
            #expect(throws: WireError.malformed) { try decode(start: number, .end(position: 0)) }
            #expect(throws: WireError.malformed) { try decode(packet(number, 1)) }
            #expect(throws: WireError.malformed) { try decode(.silence(start: number, length: 1)) }
            #expect(throws: WireError.malformed) { try decode(.silence(start: 0, length: number)) }
            #expect(throws: WireError.malformed) { try decode(.legEnd(position: number)) }
            #expect(throws: WireError.malformed) { try decode(.end(position: number)) }
            #expect(throws: WireError.malformed) { try decode(.nowPlaying(.nothing, position: number)) }
        }
        for length in [-1, SourcePacket.mostSamples + 1, .max] {
            #expect(throws: WireError.malformed) { try decode(packet(0, length)) }
        }
        for date in [Int64.min, -1 << 58, 1 << 58, .max] {
            #expect(throws: WireError.malformed) { try decode(date: date, .end(position: 0)) }
        }
        for rate in [0, 1, 7_349, 384_001, 0xFFFF_FFFF] {
            #expect(throws: WireError.malformed) { try decode(rate: rate, .end(position: 0)) }
        }
    }

    /// So it is with bundles.
    @Test func impossibleNumbersAreNoBundle() throws {
        let sound = MediaBundle(
            generation: 1, epoch: 2, mediaSequence: 3, discontinuitySequence: 4, part: 5, position: 9216 * 35,
            durationSamples: 9216, isLastOfSegment: true, segmentDateMicroseconds: 8, nowPlaying: nil, levels: [],
            setups: [], parts: [])
        #expect(try MediaLogEntry(decoding: MediaLogEntry.bundle(sound).encoded()) == .bundle(sound))
        let damages: [(inout MediaBundle) -> Void] = [
            { $0.position = -1 }, { $0.position = .max }, { $0.position = .min }, { $0.mediaSequence = 2 },
            { $0.mediaSequence = .max }, { $0.discontinuitySequence = .max }, { $0.part = 10 },
            { $0.durationSamples = 9217 }, { $0.durationSamples = .max }, { $0.segmentDateMicroseconds = .max },
            { $0.segmentDateMicroseconds = .min },
        ]
        for damage in damages {
            var bundle = sound
            damage(&bundle)
            #expect(throws: WireError.malformed) { try MediaLogEntry(decoding: MediaLogEntry.bundle(bundle).encoded()) }
        }
    }

    @Test func mediaLogEntries() throws {
        let setup = RenditionSetup(
            name: "aac-128", codecs: "mp4a.40.2", peakBitRate: 5, averageBitRate: 4, partTargetSamples: 9216,
            initialization: ByteBuffer(bytes: [1, 2, 3]))
        let bundle = MediaBundle(
            generation: 1, epoch: 2, mediaSequence: 3, discontinuitySequence: 4, part: 5, position: 6,
            durationSamples: 9216, isLastOfSegment: true, segmentDateMicroseconds: 8,
            nowPlaying: NowPlaying(title: "T", artist: "A"), levels: [SlotLevel(peak: 1, rms: 2)], setups: [setup],
            parts: [RenditionPart(durationSamples: 9216, bytes: ByteBuffer(bytes: [9, 9]))])
        let entries: [MediaLogEntry] = [.bundle(bundle), .fence(generation: 7, worker: "w"), .end(generation: 7)]
        for entry in entries { #expect(try MediaLogEntry(decoding: entry.encoded()) == entry) }
        let refused = mutate(2, entries.map { Array($0.encoded().readableBytesView) }) { bytes in
            isDecodable { _ = try MediaLogEntry(decoding: ByteBuffer(bytes: bytes)) }
        }
        #expect(refused > Self.rounds / 10)
    }

    @Test func transcodeJobs() throws {
        let job = TranscodeJob(stream: "01abc", channel: "demo", channelID: "7", isRecorded: false)
        #expect(try TranscodeJob(decoding: job.encoded()) == job)
        let refused = mutate(3, [Array(job.encoded().readableBytesView)]) { bytes in
            isDecodable { _ = try TranscodeJob(decoding: ByteBuffer(bytes: bytes)) }
        }
        #expect(refused > 100)
    }

    @Test func headers() {
        let asc: [[UInt8]] = [[0x12, 0x10], [0x2B, 0x92, 0x08, 0x00], [0x17, 0x80, 0x49, 0xD4, 0x08]]
        #expect(mutate(4, asc) { AudioSpecificConfig($0) != nil } > 100)
        let flac: [[UInt8]] = [[0xFF, 0xF8, 0x79, 0x18, 0xE1, 0x80, 0x80, 0x12, 0x34]]
        #expect(mutate(5, flac) { FLACFrameHeader.length($0) != nil } > 100)
        #expect(
            mutate(6, [[0xFF, 0xFB, 0x90, 0x00], [0xFF, 0xE3, 0x48, 0xC0]]) { bytes in
                ByteBuffer(bytes: bytes).getInteger(at: 0, as: UInt32.self).flatMap { MPEGAudioHeader($0) } != nil
            } > 100)
        for word in stride(from: UInt64(0xFFE0_0000), through: 0xFFFF_FFFF, by: 61) {
            let header = MPEGAudioHeader(UInt32(word))
            #expect(header.map { $0.frameLength > 0 && $0.sampleRate >= 8_000 } ?? true)
        }
        var framer = MPEGAudioFramer()
        var generator = SplitMix64(seed: 7)
        var kept = 0
        for _ in 0..<1_000 {
            let noise = (0..<300).map { _ -> UInt8 in
                UInt8.random(in: 0...255, using: &generator) | (generator.next() % 3 == 0 ? 0xF0 : 0)
            }
            kept += framer.frames(adding: ByteBuffer(bytes: noise)).reduce(0) { $0 + $1.readableBytes }
        }
        #expect(kept <= 300_000)
    }

    /// A format that changes with each packet, or a chain of links of which nothing is heard: bounded, and refused.
    @Test(arguments: [960, 65_535]) func changesWithoutEndAreRefused(preSkip: Int) throws {
        var clock = StreamClock(epoch: 1, wallOffsetMicroseconds: 0)
        var now: Int64 = 1_000_000_000
        var legs: Set<UInt32> = []
        let refusal = #expect(throws: StreamClock.Refusal.self) {
            for number in 0..<100_000 {
                let low = UInt8(preSkip & 0xFF), high = UInt8(preSkip >> 8)
                let head = Array("OpusHead".utf8) + [1, UInt8(1 + number % 2), low, high, 0, 0, 0, 0, 0, 0, 0]
                let opus = CodecConfiguration(codec: .opus, sampleRate: 48_000, channels: 2, setup: head)
                try clock.configured(opus, isNewConnection: number == 0)
                try clock.packetArrived(ByteBuffer(bytes: [0xFC, 1, 2]), timestamp: nil, now: now)
                now += 20_000_000
                legs.formUnion(clock.takeBatches().compactMap(\.leg?.number))
            }
        }
        #expect(refusal == .restlessConfiguration)
        #expect(legs.count < 100)
    }

    /// Tracks of three seconds, half of them in another format, are no attack, for however long and however early they come.
    @Test func ordinaryChangesAreTaken() throws {
        var clock = StreamClock(epoch: 1, wallOffsetMicroseconds: 0)
        var now: Int64 = 1_000_000_000
        let frame = ByteBuffer(bytes: [0xFF, 0xFB, 0x94, 0x00] + [UInt8](repeating: 0, count: 380))
        for track in 0..<1_000 {
            let mp3 = CodecConfiguration(codec: .mp3, sampleRate: 48_000, channels: 1 + track % 2)
            try clock.configured(mp3, isNewConnection: track == 0)
            for _ in 0..<125 {
                try clock.packetArrived(frame, timestamp: nil, now: now)
                now += track < 20 ? 1_000_000 : 24_000_000
            }
            _ = clock.takeBatches()
        }
    }

    /// Ultra-wide band, stereo, one frame a packet.
    private static let speexHead: [UInt8] = {
        var head = Array("Speex   ".utf8) + [UInt8](repeating: 0, count: 72)
        for (offset, value) in [(36, 48_000), (40, 2), (48, 2), (56, 640), (64, 1)] {
            for byte in 0..<4 { head[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
        }
        return head
    }()

    /// Every codec's packets, mutated, through a whole clock.
    @Test(arguments: AudioCodec.allCases) func packetsThroughTheClock(codec: AudioCodec) throws {
        let setup: [UInt8] =
            switch codec {
            case .aac: [0x11, 0x90]
            case .vorbis: VorbisHeaders.made()
            case .speex: Self.speexHead
            default: []
            }
        var stream = VirtualStream()
        try stream.configure(CodecConfiguration(codec: codec, sampleRate: 48_000, channels: 2, setup: setup))
        var generator = SplitMix64(seed: UInt64(codec.rawValue))
        let sound: [UInt8] = [0xFF, 0xFB, 0x90, 0x00, 0x05, 0x12, 0x34]
        var broken = 0
        for _ in 0..<2_000 {
            stream.wait(milliseconds: 20)
            let stamp = generator.next() % 4 == 0 ? Int64(bitPattern: generator.next()) : stream.now
            do {
                try stream.packet(ByteBuffer(bytes: generator.mutated(sound)), timestamp: stamp)
            } catch StreamClock.Refusal.brokenPacket {
                broken += 1
            }
        }
        stream.end()
        #expect(broken + stream.packetCount <= 2_000)
        var position: Int64 = 0
        for (_, batch) in stream.released {
            for item in batch.items {
                switch item {
                case .packet(let packet):
                    let start = try #require(batch.leg).position(ofSample: packet.position)
                    #expect(start >= position)
                    position = start
                case .silence(let start, let length):
                    #expect(start >= position && length > 0)
                    position = start + length
                case .legEnd(let end), .end(let end), .nowPlaying(_, let end):
                    #expect(end >= position)
                    position = end
                }
            }
        }
    }
}
