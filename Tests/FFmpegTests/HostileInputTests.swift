import AudioTimeline
import FFmpeg
import NIOCore
import TestSupport
import Testing

/// What a peer could send to take memory or time.
struct HostileInputTests {
    /// Reads until the end or an error, and gives how many packets there were.
    @discardableResult
    private func drain(_ format: ContainerFormat, _ input: any DemuxerInput) throws -> Int {
        let demuxer = Demuxer(format: format, input: input)
        var packets = 0
        while let item = try demuxer.next() {
            if case .packet = item { packets += 1 }
        }
        return packets
    }

    /// Bytes without audio end the stream after a bounded number of them, whatever they are.
    @Test(arguments: ContainerFormat.allCases, [UInt8(0), 0xFF, 0x47, 0x4F])
    func endlessRubbishEnds(_ format: ContainerFormat, byte: UInt8) {
        let input = RepeatingInput([byte])
        #expect(throws: FFmpegError.self) { try drain(format, input) }
        #expect(input.taken <= 9 << 20)
    }

    /// A tag of 256 MiB in front of MP3 is passed over without being held.
    @Test func hugeTagIsPassedOver() throws {
        let recording = try #require(Recording.all.first { $0.name == "MP3" })
        let track = try recording.make(seconds: 0.2).file
        let size = (256 << 20) - 1
        let head = Array("ID3".utf8) + [4, 0, 0] + [0x7F, 0x7F, 0x7F, 0x7F]
        let packets = try Demuxed(track, .mp3).packets.count
        let growth = try leastGrowth {
            let found = try drain(.mp3, RepeatingInput([0xFF], length: size, head: head, tail: track))
            #expect(found == packets)
        }
        #expect(growth < 64 << 20)
    }

    /// Tags are excused, but not for ever.
    @Test func endlessTagsEnd() {
        let tag = Array("ID3".utf8) + [4, 0, 0] + [0, 0x40, 0, 0] + [UInt8](repeating: 0, count: 1 << 20)
        let input = RepeatingInput(tag)
        let error = #expect(throws: FFmpegError.self) { try drain(.mp3, input) }
        #expect(error?.reason == .noAudio)
        #expect(input.taken > 1 << 30 && input.taken < (1 << 30) + (8 << 20))
    }

    /// The index of an MP4 is held: one that is longer than any encoder's is not read.
    @Test(arguments: ["trak", "free", "mvex"]) func aLongIndexIsRefused(kind: String) {
        func header(_ kind: String, _ size: UInt32) -> [UInt8] {
            withUnsafeBytes(of: size.bigEndian) { Array($0) } + Array(kind.utf8)
        }
        let size: UInt32 = 1 << 20
        let fileType = header("ftyp", 16) + Array("isom".utf8) + [0, 0, 0, 0]
        let boxes = header(kind, size) + [UInt8](repeating: 0, count: Int(size) - 8)
        let input = RepeatingInput(boxes, head: fileType + header("moov", 64 * size + 8))
        let growth = leastGrowth(rounds: 1) {
            let error = #expect(throws: FFmpegError.self) { try drain(.mov, input) }
            #expect(error?.reason == .invalidData)
        }
        #expect(input.taken < 5 << 20)
        #expect(growth < 64 << 20)
    }

    /// Ogg: pages with 255 empty segments, streams that begin and never go on, positions out of this world.
    @Test func pagesWithoutContentEnd() throws {
        func page(_ flags: UInt8, serial: UInt8, granule: [UInt8], _ body: [UInt8], _ segments: [UInt8]) -> [UInt8] {
            var page = Array("OggS".utf8) + [0, flags] + granule + [serial, 0, 0, 0]
            page += [UInt8](repeating: 0, count: 8) + [UInt8(segments.count)] + segments + body
            OggPages.sign(&page)
            return page
        }
        let zero = [UInt8](repeating: 0, count: 8)
        let empty = page(0, serial: 1, granule: zero, [], [UInt8](repeating: 0, count: 255))
        let head = Array("OpusHead".utf8) + [1, 2, 0, 0, 0x80, 0xBB, 0, 0, 0, 0, 0]
        let beginnings = (0...255).flatMap { page(2, serial: UInt8($0), granule: zero, head, [19]) }
        for flood in [empty, beginnings] {
            let input = RepeatingInput(flood)
            #expect(throws: FFmpegError.self) { try drain(.ogg, input) }
            #expect(input.taken <= 3 << 20)
        }
        let tags = OggPages.opusTags([])
        var file = page(2, serial: 1, granule: zero, head, [19])
        file += page(0, serial: 1, granule: zero, tags, [UInt8(tags.count)])
        let packet: [UInt8] = [0xFC, 1, 2, 3]
        for granule: [UInt8] in [[UInt8](repeating: 0xFF, count: 8), [0, 0, 0, 0, 0, 0, 0, 0x80], zero[1...] + [0x7F]] {
            for _ in 0..<2 { file += page(0, serial: 1, granule: granule, packet, [4]) }
            file += page(4, serial: 1, granule: granule, packet, [4])
        }
        // Signing leaves the sequence at 0, so each page is one of its own.
        #expect(try drain(.ogg, BytesInput(file)) == 9)
    }

    /// MP4: counts that nothing stands behind, a table at the end of the file, boxes of impossible size.
    @Test func announcedCountsAreNotBelieved() throws {
        let recording = try #require(Recording.all.first { $0.name == "AAC in fragmented MP4" })
        var file = try recording.make(seconds: 0.3).file
        let run = try #require(file.firstRange(of: Array("trun".utf8)))
        for byte in 0..<4 { file[run.upperBound + 4 + byte] = 0xFF }
        let refusal = #expect(throws: FFmpegError.self) { try drain(.mov, BytesInput(file)) }
        #expect(refusal?.reason == .limitExceeded)
        let late = try CommandLineFFmpeg.encode(Signal(count: 9_600), "-c:a aac -f mp4")
        let error = #expect(throws: FFmpegError.self) { try drain(.mov, BytesInput(late)) }
        #expect(error?.reason == .unsupported)
        #expect(throws: FFmpegError.self) {
            try drain(.mov, BytesInput([0, 0, 0, 1] + Array("moov".utf8) + [UInt8](repeating: 0xFF, count: 8)))
        }
    }

    /// A container can name other files: nothing of it is opened.
    @Test func nothingElseIsOpened() {
        for text in [
            "ffconcat version 1.0\nfile /etc/passwd\n", "#EXTM3U\nfile:///etc/passwd\n", "v=0\no=- 0 0 IN IP4 x\n",
        ] {
            for format in ContainerFormat.allCases {
                let packets = try? drain(format, BytesInput(Array(text.utf8)))
                #expect(packets ?? 0 == 0)
            }
        }
    }

    /// 10 000 damaged files, spread over all containers and codecs: no crash, and packets that are found are decoded or
    /// refused.
    @Test(arguments: Recording.all.indices)
    func damagedFilesAreSurvived(_ index: Int) throws {
        let recording = Recording.all[index]
        let file = try recording.make(seconds: 0.25).file
        var generator = SplitMix64(seed: UInt64(index))
        for _ in 0..<(10_000 / Recording.all.count + 1) {
            var damaged = file
            if recording.format == .ogg && Bool.random(using: &generator) {
                var pages = OggPages(file)
                pages.damage(&generator)
                damaged = pages.bytes
            } else {
                damage(&damaged, &generator)
            }
            let demuxer = Demuxer(format: recording.format, input: BytesInput(damaged, pieceLength: 4_096))
            var decoder: AudioDecoder?
            var items = 0
            do {
                while let item = try demuxer.next() {
                    items += 1
                    switch item {
                    case .configuration(let configuration): decoder = try? AudioDecoder(configuration)
                    case .packet(let packet):
                        let block = try? decoder?.decode(packet.payload)
                        try #require(block?.frameCount ?? 0 <= AudioDecoder.mostSamplesPerPacket)
                    case .metadata: break
                    }
                }
            } catch is FFmpegError {
                // Refusing is as good as finding nothing.
            }
            try #require(items <= damaged.count)
        }
    }

    /// Ogg positions and rates whose product is beyond 64 bits.
    @Test func absurdPositionsOfOggAreSurvived() throws {
        let recording = try #require(Recording.all.first { $0.name == "Vorbis in Ogg" })
        var pages = OggPages(try recording.make(seconds: 0.5).file)
        // One sample a second, in the identification header (Vorbis I §4.2.2).
        pages.set([1, 0, 0, 0], page: 0, at: 28 + 12)
        pages.set([0, 0, 0, 0, 0, 0, 0xFF, 0], page: pages.pages.count - 1, at: 6)
        pages.set([0], page: pages.pages.count - 1, at: 5)
        #expect(try drain(.ogg, BytesInput(pages.bytes)) > 10)
    }

    /// Set-ups and packets of nothing but chance.
    @Test(arguments: AudioCodec.allCases)
    func chanceIsSurvived(_ codec: AudioCodec) throws {
        let found: Demuxed
        if codec == .mp1 {
            // No encoder of it is at hand.
            found = try Demuxed(LayerOne.tone(frames: 30), .mp3)
        } else {
            let recording = try #require(Recording.all.first { $0.codec == codec })
            found = try Demuxed(recording.make(seconds: 0.25).file, recording.format)
        }
        var generator = SplitMix64(seed: UInt64(codec.rawValue))
        for round in 0..<120 {
            var configuration = found.configurations[0]
            for _ in 0..<(round % 4) where !configuration.setup.isEmpty {
                let place = Int.random(in: 0..<configuration.setup.count, using: &generator)
                configuration.setup[place] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let decoder = try? AudioDecoder(configuration) else { continue }
            for _ in 0..<8 {
                var payload = try #require(found.packets.randomElement(using: &generator)).packet.payload
                let place = Int.random(in: 0..<payload.readableBytes, using: &generator)
                payload.setInteger(UInt8.random(in: 0...255, using: &generator), at: payload.readerIndex + place)
                if Bool.random(using: &generator) { payload = payload.readSlice(length: place + 1) ?? payload }
                let block = try? decoder.decode(payload)
                let loudest = block?.channels.joined().map(abs).max() ?? 0
                try #require(loudest <= PCMBlock.largestMagnitude)
            }
        }
    }

    private func damage(_ file: inout [UInt8], _ generator: inout SplitMix64) {
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            // Half of it in the head, where the structure is.
            let limit = Bool.random(using: &generator) ? min(file.count, 600) : file.count
            guard limit > 8 else { return }
            let place = Int.random(in: 0..<limit, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: file[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: file[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: for offset in place..<min(file.count, place + 4) { file[offset] = 0xFF }
            case 3: file.removeSubrange(place..<min(file.count, place + Int.random(in: 1...64, using: &generator)))
            case 4: file.insert(contentsOf: file[place..<min(file.count, place + 64)], at: place)
            default: if Int.random(in: 0..<8, using: &generator) == 0 { file.removeSubrange(place...) }
            }
        }
    }

    /// Opening and closing everything a thousand times leaves nothing behind.
    @Test func nothingLeaks() throws {
        let files = try ["Opus in WebM", "AAC in fragmented MP4", "AAC in MPEG-TS", "Vorbis in Ogg"].map { name in
            let recording = try #require(Recording.all.first { $0.name == name })
            return (recording.format, try recording.make(seconds: 0.1).file)
        }
        func cycle(_ count: Int) throws {
            for index in 0..<count {
                let (format, file) = files[index % files.count]
                let found = try Demuxed(file, format)
                _ = try found.decode()
                let resampler = try Resampler(from: PCMFormat(sampleRate: 44_100, layout: .stereo))
                let encoder = try AudioEncoder(
                    index % 2 == 0 ? .aac(bitsPerSecond: 64_000) : .opus(bitsPerSecond: 64_000))
                _ = try encoder.encode(resampler.convert(Signal(count: 3_000).block(rate: 44_100)))
            }
        }
        try cycle(100)
        // A resampler's context alone, which is the smallest, would be 15 MB a round.
        let growth = try leastGrowth { try cycle(250) }
        #expect(growth < 6 << 20)
    }
}
