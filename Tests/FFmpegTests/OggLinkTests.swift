import AudioTimeline
import FFmpeg
import NIOCore
import TestSupport
import Testing

/// Links of Ogg chains that are not just tags and audio.
struct OggLinkTests {
    private func tone(_ frequency: Int, _ codec: String) throws -> [UInt8] {
        try CommandLineFFmpeg.tones([frequency], "-c:a \(codec) -metadata title=Tune -f ogg")
    }

    /// The headers of a file, and a last page without content.
    private func emptyLink(_ file: [UInt8], serial: UInt8) -> [UInt8] {
        var pages = OggPages(file)
        pages.keepHeaders()
        pages.appendEmptyEnd()
        pages.setSerial(serial)
        return pages.bytes
    }

    /// A link of headers only, first, in the middle, and several in a row, takes no sound from what follows.
    @Test(arguments: ["libvorbis", "libopus", "flac", "libspeex -ar 16000 -ac 1"], [1, 3])
    func aLinkWithoutAudioIsPassedOver(_ codec: String, count: Int) throws {
        let (one, other) = (try tone(440, codec), try tone(880, codec))
        let empty = (0..<count).flatMap { emptyLink(one, serial: UInt8(7 + $0)) }
        for (file, tenths) in [
            (one + empty + other, [9, 9]), (empty + other, [0, 9]), (empty + one + empty, [9, 0]),
        ] {
            let found = try Demuxed(file, .ogg)
            #expect(try found.tenths(of: 440) >= tenths[0])
            #expect(try found.tenths(of: 880) >= tenths[1])
        }
    }

    /// Each codec's link may follow each other's empty one.
    @Test func linksOfOtherCodecsFollowEmptyOnes() throws {
        let empty = emptyLink(try tone(440, "libvorbis"), serial: 9)
        let found = try Demuxed(try tone(440, "flac") + empty + tone(880, "libopus"), .ogg)
        #expect(found.configurations.map(\.codec) == [.flac, .vorbis, .opus])
        #expect(try found.tenths(of: 440) >= 9)
        #expect(try found.tenths(of: 880) >= 9)
    }

    /// A picture of some megabytes in the comments of a later link: the title before it and the artist behind it are read,
    /// the sound goes on, and the picture is never in memory as a whole.
    @Test(arguments: ["libvorbis", "libopus", "flac", "libspeex -ar 16000 -ac 1"])
    func picturesInCommentsArePassedOver(_ codec: String) throws {
        let (one, other) = (try tone(440, codec), try tone(880, codec))
        let picture = "METADATA_BLOCK_PICTURE=" + String(repeating: "A", count: 4_000_000)
        var pages = OggPages(other)
        let comments = OggPages.comments(["TITLE=Covered", picture, "ARTIST=Behind"])
        let (signature, end): ([UInt8], [UInt8]) =
            switch codec {
            case "libvorbis": ([3] + Array("vorbis".utf8), [1])
            case "libopus": (Array("OpusTags".utf8), [])
            case "flac": ([0x84, 0xFF, 0xFF, 0xFF], [])
            default: ([], [])
            }
        // The headers of Vorbis share a page.
        let setup = codec == "libvorbis" ? pages.removePacket(1, fromPage: 1) : nil
        pages.replaceTags(with: signature + comments + end)
        if let setup { pages.insert(packet: setup, behind: pages.pages.count - pages.audioPageCount - 1) }
        let found = try Demuxed(one + pages.bytes, .ogg)
        #expect(found.tags.last?["title"] == "Covered")
        #expect(found.tags.last?["artist"] == "Behind")
        #expect(try found.tenths(of: 440) >= 9)
        #expect(try found.tenths(of: 880) >= 9)

        let growth = try leastGrowth(rounds: 2) { _ = try Demuxed(pages.bytes, .ogg, pieceLength: 65_536) }
        #expect(growth < 4 << 20)
    }

    /// FLAC has its pictures in blocks of their own, in Ogg as in a file.
    @Test(arguments: [ContainerFormat.ogg, .flac])
    func pictureBlocksArePassedOver(_ format: ContainerFormat) throws {
        let file = try CommandLineFFmpeg.tones([440], "-c:a flac -metadata title=Tune -f \(format.rawValue)")
        let picture = [UInt8](repeating: 0xFF, count: 4_000_000)
        let block = [0x06] + (0..<3).map { UInt8(truncatingIfNeeded: picture.count >> (16 - 8 * $0)) } + picture
        var covered: [UInt8]
        if format == .ogg {
            var pages = OggPages(file)
            // The comments are the last block, as ffmpeg writes it.
            pages.set([0x04], page: 1, at: 28)
            pages.insert(packet: [block[0] | 0x80] + block.dropFirst(), behind: 1)
            covered = pages.bytes
        } else {
            // Behind the marker and STREAMINFO.
            covered = file
            covered.insert(contentsOf: block, at: 4 + 4 + 34)
        }
        let found = try Demuxed(covered, format)
        #expect(found.tags.first?["title"] == "Tune")
        #expect(try found.tenths(of: 440) >= 9)
    }

    /// A file of FLAC with its picture as text in the comments.
    @Test func picturesInCommentsOfFLACArePassedOver() throws {
        let file = try CommandLineFFmpeg.tones([440], "-c:a flac -f flac")
        let picture = "METADATA_BLOCK_PICTURE=" + String(repeating: "A", count: 3_000_000)
        let comments = OggPages.comments(["TITLE=Covered", picture, "ARTIST=Behind"])
        let block = [0x04] + (0..<3).map { UInt8(truncatingIfNeeded: comments.count >> (16 - 8 * $0)) } + comments
        var covered = file
        covered.insert(contentsOf: block, at: 4 + 4 + 34)
        let found = try Demuxed(covered, .flac)
        #expect(found.tags.contains { $0["title"] == "Covered" && $0["artist"] == "Behind" })
        #expect(try found.tenths(of: 440) >= 9)
    }

    /// What Ogg may have beside audio that we play is named; a link of video only waits for the next one.
    @Test func whatCannotBePlayedIsNamed() throws {
        for (head, name) in [
            ("CELT    ", "CELT"), ("PCM     ", "PCM in Ogg"), ("\u{1}vorbis", "Vorbis with a damaged header"),
        ] {
            let pages = OggPages.link(Array(head.utf8) + [UInt8](repeating: 1, count: 8))
            let refusal = #expect(throws: FFmpegError.self) { try Demuxed(pages, .ogg) }
            #expect(refusal?.message == "\(name) cannot be decoded; send Opus, Vorbis or FLAC.")
        }
        let video = OggPages.link([0x80] + Array("theora".utf8) + [UInt8](repeating: 1, count: 40))
        let found = try Demuxed(video + tone(440, "libopus"), .ogg)
        #expect(try found.tenths(of: 440) >= 9)
    }
}
