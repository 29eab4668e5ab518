import AudioTimeline
import FFmpeg
import NIOCore
import TestSupport
import Testing

/// Streams that become another on the way.
struct DemuxerChangeTests {
    private func file(_ name: String, seconds: Double = 0.5, seed: UInt64 = 1) throws -> [UInt8] {
        let recording = try #require(Recording.all.first { $0.name == name })
        return try recording.make(seconds: seconds, seed: seed).file
    }

    /// Each link of an Ogg chain gives configuration and tags, whatever its codec; no packet is lost.
    @Test(arguments: [
        ["Opus in Ogg", "Opus in Ogg"], ["Opus in Ogg", "Vorbis in Ogg", "FLAC in Ogg"],
        ["Vorbis in Ogg", "Vorbis in Ogg"], ["FLAC in Ogg", "Opus in Ogg"],
    ])
    func oggChainGivesEachLink(_ names: [String]) throws {
        let files = try names.enumerated().map { try file($1, seed: UInt64($0)) }
        let found = try Demuxed(files.flatMap { $0 }, .ogg)
        #expect(found.configurations.count == files.count)
        #expect(found.tags.count == files.count)
        #expect(found.tags.allSatisfy { $0["title"] == "Tune" })
        for (index, file) in files.enumerated() {
            let alone = try Demuxed(file, .ogg)
            #expect(found.configurations[index] == alone.configurations[0])
            #expect(found.packets(ofLeg: index) == alone.packets(ofLeg: 0))
        }
    }

    /// The same file twice: serial and codec do not change, and still it is a new link.
    @Test func oggChainWithTheSameSerial() throws {
        let link = try file("Vorbis in Ogg")
        let found = try Demuxed(link + link, .ogg)
        #expect(found.configurations.count == 2)
        #expect(found.packets(ofLeg: 0) == found.packets(ofLeg: 1))
    }

    /// The padding of an Ogg link's last packet is told, so that tracks join without a gap.
    @Test(arguments: ["Opus in Ogg", "Vorbis in Ogg"])
    func oggPaddingIsTold(_ name: String) throws {
        let recording = try #require(Recording.all.first { $0.name == name })
        let (signal, file) = try recording.make(seconds: 0.505)
        let found = try Demuxed(file, .ogg)
        let total = try found.decode().counts.reduce(0, +)
        let discarded = found.packets.reduce(0) { $0 + Int($1.packet.trim.end) }
        let preSkip = recording.codec == .opus ? 312 : 0
        #expect(total - discarded - preSkip == signal.left.count)
    }

    /// A damaged page costs its packets and nothing else.
    @Test func oggDamagedPageIsPassedOver() throws {
        var link = try file("Opus in Ogg", seconds: 4)
        let whole = try Demuxed(link, .ogg).packets.count
        link[link.count / 2] ^= 0xFF
        let found = try Demuxed(link, .ogg)
        #expect(found.packets.count < whole)
        #expect(found.packets.count > whole / 4)
        #expect(found.configurations.count == 1)
    }

    /// A link without tags says so: what plays is no longer the song before. Tags that are not UTF-8 are windows-1252.
    @Test func linksWithoutTagsSaySo() throws {
        let file = try file("Opus in Ogg")
        func link(_ tags: [String]) -> [UInt8] {
            var pages = OggPages(file)
            pages.replaceTags(with: OggPages.opusTags(tags))
            return pages.bytes
        }
        let found = try Demuxed(link(["TITLE=One", "ARTIST=A"]) + link([]) + link(["ARTIST=Bob"]), .ogg)
        #expect(found.tags == [["title": "One", "artist": "A"], [:], ["artist": "Bob"]])
        var old = OggPages.opusTags(["TITLE=M?t ?"])
        for (index, byte) in old.enumerated() where byte == UInt8(ascii: "?") {
            old[index] = old[index - 1] == UInt8(ascii: "M") ? 0xF6 : 0x80
        }
        var pages = OggPages(file)
        pages.replaceTags(with: old)
        #expect(try Demuxed(pages.bytes, .ogg).tags == [["title": "Möt €"]])
    }

    /// FLAC in Ogg, and FLAC as a file has it, may have no block of tags at all.
    @Test func flacWithoutTagsSaysSo() throws {
        func withoutTags(_ file: [UInt8]) -> [UInt8] {
            // STREAMINFO alone: the last block of metadata, then the frames.
            let frames = file.indices.first { $0 > 42 && file[$0] == 0xFF && file[$0 + 1] & 0xFE == 0xF8 } ?? file.count
            return Array(file[..<4]) + [0x80, 0, 0, 34] + Array(file[8..<42]) + Array(file[frames...])
        }
        let file = try file("FLAC")
        let found = try Demuxed(file + withoutTags(file), .flac)
        #expect(found.tags.map { $0["title"] } == ["Tune", nil])
        #expect(try Demuxed(withoutTags(file), .flac).tags.isEmpty)
    }

    /// Pictures in tags do not travel, and tags behind them are still read.
    @Test func oggPictureIsLeftOut() throws {
        let link = try file("Opus in Ogg")
        var pages = OggPages(link)
        let picture = "METADATA_BLOCK_PICTURE=" + String(repeating: "A", count: 150_000)
        pages.replaceTags(with: OggPages.opusTags([picture, "TITLE=After"]))
        let found = try Demuxed(pages.bytes, .ogg)
        #expect(found.tags == [["title": "After"]])
        let packets = try Demuxed(link, .ogg).packets.count
        #expect(found.packets.count == packets)
    }

    /// Rate or channels that change in ADTS give a new configuration; the same again gives none.
    @Test func adtsChangeGivesConfiguration() throws {
        let one = try file("AAC in ADTS")
        let other = try file("AAC in ADTS, 44.1 kHz, mono")
        let found = try Demuxed(one + one + other + one, .adts)
        #expect(found.configurations.map(\.sampleRate) == [48_000, 44_100, 48_000])
        #expect(found.configurations.map(\.channels) == [2, 1, 2])
        let counts = try [one, other].map { try Demuxed($0, .adts).packets.count }
        #expect(found.packets.count == 3 * counts[0] + counts[1])
    }

    /// Rubbish between frames is passed over.
    @Test(arguments: ["AAC in ADTS", "MP3"])
    func rubbishIsPassedOver(_ name: String) throws {
        let recording = try #require(Recording.all.first { $0.name == name })
        let one = try file(name)
        var generator = SplitMix64(seed: 3)
        let rubbish = (0..<5_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let found = try Demuxed(rubbish + one + rubbish + one, recording.format)
        let alone = try Demuxed(one, recording.format).packets.count
        // The last frame before rubbish has none behind it that confirms it.
        #expect((2 * alone - 3...2 * alone).contains(found.packets.count))
    }

    /// ID3 in front of MP3, with false frames in its picture, and again between tracks, whose tables of contents would be
    /// heard as silence.
    @Test func tagsAndTablesOfMP3AreDropped() throws {
        let track = try file("MP3")
        #expect(track.starts(with: "ID3".utf8))
        let frame: [UInt8] = [0xFF, 0xFB, 0x94, 0x44] + [UInt8](repeating: 0, count: 380)
        let picture = (0..<800).flatMap { _ in frame }
        let size = picture.count
        let tag = Array("ID3".utf8) + [4, 0, 0] + [21, 14, 7, 0].map { UInt8(size >> $0 & 0x7F) } + picture
        let alone = try Demuxed(track, .mp3)
        let found = try Demuxed(tag + track + track, .mp3)
        let isTwice = found.packets.map(\.packet) == alone.packets.map(\.packet) + alone.packets.map(\.packet)
        #expect(isTwice)
        let expected = try CommandLineFFmpeg.packetCount(track)
        #expect(alone.packets.count == expected)
        #expect(track.firstRange(of: Array("Info".utf8)) != nil || track.firstRange(of: Array("Xing".utf8)) != nil)
    }

    /// Files of FLAC one behind the other, also with another rate.
    @Test func flacFilesFollowOneAnother() throws {
        let (one, other) = (try file("FLAC"), try file("FLAC, 24 bit, 96 kHz"))
        let found = try Demuxed(one + other + one, .flac)
        #expect(found.configurations.map(\.sampleRate) == [44_100, 96_000, 44_100])
        let alone = try Demuxed(one, .flac)
        let isSame = found.packets(ofLeg: 0) == alone.packets(ofLeg: 0)
        #expect(isSame)
        #expect(found.packets(ofLeg: 2).count == alone.packets.count)
    }

    /// A damaged frame of FLAC keeps its place, so that the count of samples holds.
    @Test func damagedFLACFrameKeepsItsPlace() throws {
        var file = try file("FLAC", seconds: 2)
        let whole = try Demuxed(file, .flac).packets.count
        file[file.count / 2] ^= 0x55
        #expect(try Demuxed(file, .flac).packets.count == whole)
    }

    /// A browser's recorder that begins again in mid-stream.
    @Test(arguments: [("Opus in WebM, live", ContainerFormat.matroska), ("AAC in fragmented MP4", .mov)])
    func containerBeginsAgain(_ name: String, format: ContainerFormat) throws {
        let one = try file(name)
        let found = try Demuxed(one + one + one, format)
        #expect(found.configurations.count == 3)
        let alone = try Demuxed(one, format).packets.map(\.packet)
        for leg in 0..<3 {
            let isSame = found.packets(ofLeg: leg) == alone
            #expect(isSame)
        }
    }

    /// Hundreds of fragments: the container is opened anew underneath, and nobody notices.
    @Test(arguments: ["empty_moov+default_base_moof", "empty_moov", "dash"])
    func manyFragmentsAreOneStream(_ flags: String) throws {
        let signal = Signal(count: 48_000 * 16)
        let file = try CommandLineFFmpeg.encode(
            signal, "-c:a aac -b:a 32k -movflags \(flags) -frag_duration 21000 -f mp4")
        let found = try Demuxed(file, .mov)
        #expect(found.configurations.count == 1)
        #expect(found.packets.count == 48_000 * 16 / 1_024 + 1)
        let times = found.packets.compactMap { $0.packet.timestamp.map { $0.nanoseconds / 1_000 } }
        #expect(times.count == found.packets.count)
        let steps = zip(times, times.dropFirst()).map { $1 - $0 }
        #expect(steps.allSatisfy { (21_000...22_000).contains($0) })
    }

    /// Video beside the audio is dropped.
    @Test(arguments: [
        ("-c:v libx264 -preset ultrafast -f matroska", ContainerFormat.matroska),
        ("-c:v libx264 -preset ultrafast -f mpegts", .mpegts), ("-c:v libx264 -preset ultrafast -f flv", .flv),
        ("-c:v libx264 -preset ultrafast -movflags empty_moov+frag_keyframe -g 5 -f mp4", .mov),
        ("-c:v libtheora -c:a libvorbis -f ogg", .ogg),
    ])
    func videoIsDropped(_ arguments: String, format: ContainerFormat) throws {
        let input =
            "-f lavfi -i testsrc=size=320x240:rate=25 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 2 -ac 2"
        let words = "\(input) \(format == .ogg ? "" : "-c:a aac") \(arguments)".split(separator: " ").map(String.init)
        let file = try CommandLineFFmpeg.run(words, input: [])
        let found = try Demuxed(file, format)
        #expect(found.configurations.map(\.codec) == [format == .ogg ? .vorbis : .aac])
        let samples = try found.decode().counts.reduce(0, +)
        #expect((95_000...99_000).contains(samples))
    }
}
