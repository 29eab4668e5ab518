import AudioTimeline
import FFmpeg
import NIOCore
import Testing

struct AudioDecoderTests {
    private func recording(_ name: String, seconds: Double = 0.5) throws -> Demuxed {
        let recording = try #require(Recording.all.first { $0.name == name })
        return try Demuxed(recording.make(seconds: seconds).file, recording.format)
    }

    /// HE-AAC that nothing announces: the decoder gives twice the core's rate and 2048 samples for each packet.
    @Test func implicitSpectralBandReplicationDoublesTheRate() throws {
        let signal = Signal(count: 24_000, rate: 24_000, highest: 3_000)
        let file = try CommandLineFFmpeg.encode(signal, rate: 24_000, channels: 1, "-c:a aac -b:a 48k -f adts")
        let core = try Demuxed(file, .adts)
        let decoder = try AudioDecoder(core.configurations[0])
        #expect(decoder.configuration.sampleRate == 24_000)
        for (_, packet) in core.packets {
            let block = try #require(try decoder.decode(addSpectralBandReplication(to: packet.payload)))
            // Mono gives two channels, since parametric stereo may follow.
            try #require(block.format == PCMFormat(sampleRate: 48_000, layout: .stereo))
            try #require(block.frameCount == 2_048)
        }
        // The same packets without it.
        let plain = try core.decode()
        #expect(plain.formats == [PCMFormat(sampleRate: 24_000, layout: .mono)])
        #expect(plain.counts.allSatisfy { $0 == 1_024 })
    }

    /// HE-AAC behind AAC-LC under one header: from there on the decoder gives twice the rate, at the same speed.
    @Test func lateSpectralBandReplicationIsFound() throws {
        let signal = Signal(count: 48_000, rate: 24_000, highest: 3_000)
        let file = try CommandLineFFmpeg.encode(signal, rate: 24_000, channels: 1, "-c:a aac -b:a 48k -f adts")
        let core = try Demuxed(file, .adts)
        let decoder = try AudioDecoder(core.configurations[0])
        for (index, entry) in core.packets.enumerated() {
            // And behind it AAC-LC again, which only is brought to the same rate.
            let isExtended = (20..<40).contains(index)
            let payload = entry.packet.payload
            let packet = isExtended ? try addSpectralBandReplication(to: payload) : payload
            let block = try #require(try decoder.decode(packet))
            try #require(block.sampleRate == (index < 20 ? 24_000 : 48_000), "packet \(index)")
            try #require(block.frameCount == (index < 20 ? 1_024 : 2_048), "packet \(index)")
        }
    }

    /// Mono and stereo frames of MP3 may follow one another: the caller sees it in the block.
    @Test func changeOfLayoutIsVisible() throws {
        let stereo = try Demuxed(
            CommandLineFFmpeg.encode(Signal(count: 10_000), "-c:a libmp3lame -f mp3"), .mp3)
        let mono = try Demuxed(
            CommandLineFFmpeg.encode(Signal(count: 10_000), channels: 1, "-c:a libmp3lame -f mp3"), .mp3)
        let decoder = try AudioDecoder(stereo.configurations[0])
        for (packets, layout) in [
            (stereo.packets, ChannelLayout.stereo), (mono.packets, .mono), (stereo.packets, .stereo),
        ] {
            var layouts: Set<ChannelLayout> = []
            // The first two refer to bytes of frames before them, which are another stream's.
            for (_, packet) in packets.dropFirst(2) {
                let block = try #require(try decoder.decode(packet.payload))
                layouts.insert(block.format.layout)
            }
            #expect(layouts == [layout])
        }
    }

    /// A packet that cannot be decoded is an error of its own; the next ones come as if nothing had been.
    @Test(arguments: ["AAC in ADTS", "MP3", "Vorbis in Ogg", "FLAC", "AC-3 in Matroska", "Opus in Ogg"])
    func brokenPacketCostsItself(_ name: String) throws {
        let found = try recording(name, seconds: 1)
        let decoder = try AudioDecoder(found.configurations[0])
        var failures = 0
        var counts: [Int] = []
        for (index, entry) in found.packets.enumerated() {
            var payload = entry.packet.payload
            if index == found.packets.count / 2 {
                payload = ByteBuffer(bytes: [UInt8](repeating: 0xFF, count: payload.readableBytes))
            }
            do {
                counts.append(try decoder.decode(payload)?.frameCount ?? 0)
            } catch {
                failures += 1
            }
        }
        #expect(failures <= 2)
        let whole = try found.decode().counts
        #expect(counts.suffix(2) == whole.suffix(2))
        #expect(counts.count + failures == whole.count)
    }

    /// One byte of Opus is 120 ms at most, and nothing gives more than the limit.
    @Test func smallPacketsGiveNoMoreThanTheirCodecAllows() throws {
        let found = try recording("Opus in Ogg")
        let decoder = try AudioDecoder(found.configurations[0])
        let longest = ByteBuffer(bytes: [0x1B, 0x02])
        #expect(try decoder.decode(longest)?.frameCount == 5_760)
        #expect(throws: FFmpegError.self) { try decoder.decode(ByteBuffer(bytes: [0x1B, 0x3F])) }
        #expect(throws: FFmpegError.self) { try decoder.decode(ByteBuffer()) }
        // Many frames of MP3 as one packet.
        let mp3 = try recording("MP3", seconds: 2)
        let frames = mp3.packets.flatMap { Array($0.packet.payload.readableBytesView) }
        let many = try AudioDecoder(mp3.configurations[0])
        #expect(throws: FFmpegError.self) { try many.decode(ByteBuffer(bytes: frames)) }
        #expect(try many.decode(mp3.packets[0].packet.payload)?.frameCount == 1_152)
    }

    /// Set-ups that ask for hundreds of channels, or are none.
    @Test func wildSetupsAreRefused() throws {
        let opus = try recording("Opus in Ogg").configurations[0]
        let vorbis = try recording("Vorbis in Ogg").configurations[0]
        var wild: [CodecConfiguration] = []
        for var configuration in [opus, vorbis] {
            let place = configuration.codec == .opus ? 9 : configuration.setup.count > 14 ? 14 : 0
            configuration.setup[place] = 255
            wild.append(configuration)
            configuration.setup = []
            wild.append(configuration)
            configuration.setup = [UInt8](repeating: 0xFF, count: 40)
            wild.append(configuration)
        }
        wild.append(CodecConfiguration(codec: .aac, sampleRate: 48_000, channels: 24, setup: [0x11, 0x90]))
        for configuration in wild {
            #expect(throws: FFmpegError.self) { try AudioDecoder(configuration) }
        }
    }

    /// Samples of a stream with absurd gain stay finite and bounded.
    @Test func absurdGainIsBounded() throws {
        let found = try recording("Opus in Ogg")
        var configuration = found.configurations[0]
        // Output gain, 7.8 fixed point (RFC 7845 §5.1): +128 dB.
        (configuration.setup[16], configuration.setup[17]) = (0xFF, 0x7F)
        let decoder = try AudioDecoder(configuration)
        var loudest: Float = 0
        for (_, packet) in found.packets {
            let block = try #require(try decoder.decode(packet.payload))
            loudest = max(loudest, block.channels.joined().map(abs).max() ?? 0)
        }
        #expect(loudest == PCMBlock.largestMagnitude)
    }
}
