import AudioTimeline
import FFmpeg
import NIOCore
import Testing

struct DemuxerTests {
    /// Every packet is found, with what decodes it, and its samples come out when it goes in, where the encoder put them.
    @Test(arguments: Recording.all)
    func recordingIsFoundWhole(_ recording: Recording) throws {
        let (signal, file) = try recording.make()
        let found = try Demuxed(file, recording.format)
        let configuration = try #require(found.configurations.first)
        #expect(found.configurations.count == 1)
        #expect(configuration.codec == recording.codec)
        #expect(configuration.sampleRate == recording.rate)
        #expect(configuration.channels == recording.channels)
        // libavformat's own demuxers find as many; its table of contents in MP3 is no packet there either.
        let expected = try CommandLineFFmpeg.packetCount(file)
        #expect(found.packets.count == expected)

        let (channels, counts, formats) = try found.decode()
        #expect(formats.map(\.sampleRate) == [recording.rate])
        #expect(channels.count == recording.channels)
        if recording.codec == .vorbis {
            #expect(counts.first == 0)
            #expect(counts.dropFirst().allSatisfy { $0 > 0 })
        } else if recording.codec == .flac {
            #expect(Set(counts.dropLast()) == [recording.packetLength])
        } else {
            #expect(counts.allSatisfy { $0 == recording.packetLength })
        }
        let heard = try #require(channels.first)
        #expect(lag(of: heard, behind: signal.left, within: 0...1_500) == recording.delay)
    }

    /// Where a container tells times, they agree with the samples that were counted.
    @Test(arguments: Recording.all)
    func timesAgreeWithSamples(_ recording: Recording) throws {
        let found = try Demuxed(recording.make().file, recording.format)
        let times = found.packets.map { $0.packet.timestamp.map { $0.nanoseconds / 1_000 } }
        guard ![.adts, .loas, .mp3, .flac].contains(recording.format) else {
            #expect(times.allSatisfy { $0 == nil })
            return
        }
        let counts = try found.decode().counts
        let first = try #require(times.first ?? nil)
        var position = 0
        for (time, count) in zip(times, counts) {
            if let time {
                let counted = Double(position) * 1_000_000 / Double(recording.rate)
                #expect(abs(Double(time - first) - counted) < 25_000)
            }
            position += count
        }
        // MPEG-TS has one stamp for several frames.
        #expect(times.compactMap { $0 }.count > times.count / (recording.format == .mpegts ? 10 : 2))
    }

    /// What is found does not depend on how the bytes came.
    @Test(arguments: Recording.all, [1, 7, 100_000])
    func piecesDoNotMatter(_ recording: Recording, pieceLength: Int) throws {
        let file = try recording.make(seconds: 0.5).file
        let expected = try Demuxed(file, recording.format)
        let found = try Demuxed(file, recording.format, pieceLength: pieceLength)
        #expect(found.configurations == expected.configurations)
        #expect(found.tags == expected.tags)
        #expect(found.packets.map(\.packet) == expected.packets.map(\.packet))
    }

    /// Tags of Ogg and FLAC, keys in lower case.
    @Test(arguments: ["Opus in Ogg", "Vorbis in Ogg", "FLAC in Ogg", "FLAC"])
    func tagsAreFound(_ name: String) throws {
        let recording = try #require(Recording.all.first { $0.name == name })
        let found = try Demuxed(recording.make().file, recording.format)
        #expect(found.tags.first?["title"] == "Tune")
        #expect(found.tags.first?["artist"] == "Band")
    }

    /// What the input throws is what the demuxer's caller sees, in every container.
    @Test(arguments: Recording.all)
    func stopGoesThrough(_ recording: Recording) throws {
        let file = try recording.make(seconds: 0.3).file
        let stop = FFmpegError(.stopped, "the push was taken over")
        for length in [0, 3, file.count / 2] {
            let input = BytesInput(Array(file.prefix(length)), thenThrow: stop)
            let demuxer = Demuxer(format: recording.format, input: input)
            #expect(throws: stop) { while try demuxer.next() != nil {} }
        }
    }

    /// A packet is given as soon as its last byte is there, and in formats without lengths with the next one's first.
    @Test(arguments: Recording.all.filter { [.adts, .mp3, .ogg, .matroska].contains($0.format) })
    func packetsComeEarly(_ recording: Recording) throws {
        let file = try recording.make().file
        let input = BytesInput(file, pieceLength: 1)
        let demuxer = Demuxer(format: recording.format, input: input)
        var bytesBehind: [Int] = []
        var packets = ArraySlice<Int>()
        while let item = try demuxer.next() {
            guard case .packet(let packet) = item else { continue }
            packets.append(packet.payload.readableBytes)
            bytesBehind.append(input.taken)
        }
        // Between two packets lie no more bytes than the larger of them and its framing, but for pages of Ogg.
        guard recording.format != .ogg else { return }
        for index in bytesBehind.indices.dropFirst(2) where index < bytesBehind.count - 1 {
            #expect(bytesBehind[index] - bytesBehind[index - 1] <= max(packets[index], packets[index + 1]) + 64)
        }
    }
}
