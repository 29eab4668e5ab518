import AudioTimeline
import FFmpeg
import NIOCore
import Testing

/// What containers say of samples that nobody is to hear.
struct TrimTests {
    private static let exact = Recording.all.filter {
        [
            "Opus in Ogg", "Opus in Ogg, 60 ms", "Vorbis in Ogg", "FLAC in Ogg", "FLAC", "Opus in WebM", "MP3",
            "MP3, variable rate, 44.1 kHz", "MP3, 22.05 kHz, mono",
        ].contains($0.name)
    }

    /// A file whose length is no multiple of any frame comes out with exactly its length, its first sample first.
    @Test(arguments: exact)
    func aFileHasItsLength(_ recording: Recording) throws {
        let (signal, file) = try recording.make(seconds: 1.0137)
        let heard = try Demuxed(file, recording.format).decodeTrimmed()
        #expect(heard.first?.count == signal.left.count)
        #expect(lag(of: heard[0], behind: signal.left, within: -700...700) == 0)
    }

    /// Those that only tell the beginning; what is behind the end is the rest of the last frame.
    @Test(
        arguments: Recording.all.filter {
            ["Opus in WebM, live", "Opus in fragmented MP4", "AAC in MP4 with its index in front"].contains($0.name)
        })
    func aStreamBeginsWithItsFirstSample(_ recording: Recording) throws {
        let (signal, file) = try recording.make(seconds: 1.0137)
        let heard = try Demuxed(file, recording.format).decodeTrimmed()
        let length = try #require(recording.packetLength)
        #expect((0...(2 * length)).contains(heard[0].count - signal.left.count))
        #expect(lag(of: heard[0], behind: signal.left, within: -700...700) == 0)
    }

    /// `CodecDelay` holds for every codec in Matroska, although FFmpeg 5.1 writes it for Opus only.
    @Test func codecDelayOfMatroskaIsCut() throws {
        let recording = try #require(Recording.all.first { $0.name == "MP3 in Matroska" })
        let (signal, file) = try recording.make(seconds: 1.0137)
        #expect(try Demuxed(file, .matroska).packets.allSatisfy { $0.packet.trim.start == 0 })
        // 23.0208 ms: 1105 samples at 48 kHz.
        let nanoseconds = 23_020_833
        let delay: [UInt8] =
            [0x56, 0xAA, 0x84] + (0..<4).map { UInt8(truncatingIfNeeded: nanoseconds >> (24 - 8 * $0)) }
        let found = try Demuxed(Self.adding(delay, toTracksOf: file), .matroska)
        let heard = try found.decodeTrimmed()
        #expect(found.packets.first?.packet.trim.start == 1_105)
        #expect(heard[0].count == signal.left.count)
        #expect(lag(of: heard[0], behind: signal.left, within: -700...700) == 0)
    }

    /// Puts an element into the first track of a Matroska file (RFC 9559 §5.1.4).
    private static func adding(_ element: [UInt8], toTracksOf file: [UInt8]) throws -> [UInt8] {
        func size(at offset: Int) -> (value: Int, length: Int) {
            let length = file[offset].leadingZeroBitCount + 1
            let first = Int(file[offset]) & (0xFF >> length)
            return (file[(offset + 1)..<(offset + length)].reduce(first) { $0 << 8 | Int($1) }, length)
        }
        func coded(_ size: Int) -> [UInt8] { [1] + (0..<7).map { UInt8(truncatingIfNeeded: size >> (48 - 8 * $0)) } }
        // The index in front names the element too.
        let tracks = try #require(file.ranges(of: [0x16, 0x54, 0xAE, 0x6B]).last)
        let all = size(at: tracks.upperBound)
        let content = tracks.upperBound + all.length
        // Behind a checksum, any byte of which may look like the entry.
        var entry = content
        while file[entry] != 0xAE {
            let other = size(at: entry + 1)
            entry += 1 + other.length + other.value
        }
        let track = size(at: entry + 1)
        let body = entry + 1 + track.length
        let longer = all.value + element.count + 8 - track.length
        return file[..<tracks.upperBound] + coded(longer) + file[content...entry]
            + coded(track.value + element.count) + element + file[body...]
    }

    /// Each link of a chain has its own beginning and end: two files sent one after the other are as long as both.
    @Test(arguments: ["Opus in Ogg", "Vorbis in Ogg", "Opus in WebM"])
    func linksAreTrimmedEach(_ name: String) throws {
        let recording = try #require(Recording.all.first { $0.name == name })
        let (first, head) = try recording.make(seconds: 0.513)
        let (second, tail) = try recording.make(seconds: 0.377, seed: 2)
        let found = try Demuxed(head + tail, recording.format)
        #expect(try found.decodeTrimmed(leg: 0)[0].count == first.left.count)
        #expect(try found.decodeTrimmed(leg: 1)[0].count == second.left.count)
    }

    /// MP3 files sent one after the other are one leg; each tag's lengths hold for its own file.
    @Test func tracksOfMP3AreTrimmedEach() throws {
        let recording = try #require(Recording.all.first { $0.name == "MP3" })
        let (first, head) = try recording.make(seconds: 0.513)
        let (second, tail) = try recording.make(seconds: 0.377, seed: 2)
        let found = try Demuxed(head + tail, .mp3)
        #expect(found.configurations.count == 1)
        #expect(try found.decodeTrimmed()[0].count == first.left.count + second.left.count)
    }

    /// libavformat gets MP4 in pieces with the same head each; the head's edit list counts once.
    @Test func longMP4IsTrimmedOnce() throws {
        let recording = Recording(
            name: "AAC in MP4 with an edit list, many fragments", format: .mov, codec: .aac,
            arguments: "-c:a aac -b:a 64k -movflags frag_keyframe+empty_moov+delay_moov -frag_duration 20000 -f mp4",
            packetLength: 1_024, delay: 1_024)
        let (signal, file) = try recording.make(seconds: 12)
        let found = try Demuxed(file, .mov)
        #expect(found.packets.count > 500)
        let cut = found.packets.map { Int($0.packet.trim.start) }.reduce(0, +)
        #expect([0, 1_024].contains(cut))
        let heard = try found.decodeTrimmed()[0]
        #expect(lag(of: heard, behind: signal.left, within: 0...1_500) == 1_024 - cut)
    }

    /// Vorbis that begins before 0: the position of the first page says by how much.
    @Test func vorbisBeginsBeforeZero() throws {
        let recording = try #require(Recording.all.first { $0.name == "Vorbis in Ogg" })
        let (signal, file) = try recording.make(seconds: 2.513)
        var pages = OggPages(file)
        pages.shiftPositions(by: -100)
        let heard = try Demuxed(pages.bytes, .ogg).decodeTrimmed()[0]
        #expect(heard.count == signal.left.count - 100)
        #expect(lag(of: heard, behind: signal.left, within: -200...200) == -100)
    }
}
