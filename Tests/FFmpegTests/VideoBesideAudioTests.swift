import AudioTimeline
import FFmpeg
import NIOCore
import TestSupport
import Testing

/// Audio beside video of any bit rate.
struct VideoBesideAudioTests {
    /// Uncompressed pictures of noise: 6 MB a second.
    private static let input =
        "-f lavfi -i testsrc2=size=320x240:rate=25,noise=alls=60:allf=t -f lavfi -i sine=frequency=440:sample_rate=48000"

    private func file(seconds: Int, _ arguments: String) throws -> [UInt8] {
        let words = "\(Self.input) -t \(seconds) \(arguments)".split(separator: " ").map(String.init)
        return try CommandLineFFmpeg.run(words, input: [])
    }

    /// Fragments as long as x264's distance of key frames, megabytes of video in front of each one's audio. The set-up is
    /// told before: whoever waits for audio then knows that there will be some.
    @Test func longFragmentsOfMP4AreHeard() throws {
        let file = try file(
            seconds: 3,
            "-c:v mpeg4 -qmin 1 -q:v 1 -g 1000 -c:a aac -movflags frag_keyframe+empty_moov+default_base_moof -f mp4")
        #expect(file.count > 10 << 20)
        let input = BytesInput(file, pieceLength: 16_384)
        let demuxer = Demuxer(format: .mov, input: input)
        guard case .configuration(let configuration)? = try demuxer.next() else {
            Issue.record("no configuration")
            return
        }
        #expect(configuration.codec == .aac)
        #expect(input.taken < 64 << 10)
        let found = try Demuxed(file, .mov, pieceLength: 16_384)
        #expect(found.configurations.count == 1)
        #expect(try found.tenths(of: 440) >= 28)
        let growth = try leastGrowth(rounds: 2) { _ = try Demuxed(file, .mov, pieceLength: 16_384) }
        #expect(growth < 8 << 20)
    }

    /// Containers that mix their packets: more video between two packets of audio than the watchdog lets pass as rubbish.
    @Test(arguments: [
        ("-c:v rawvideo -c:a aac -f matroska -cluster_time_limit 500", ContainerFormat.matroska),
        ("-c:v mpeg2video -q:v 1 -c:a aac -f mpegts", .mpegts), ("-c:v libtheora -q:v 10 -c:a libvorbis -f ogg", .ogg),
    ])
    func videoIsNotRubbish(_ arguments: String, _ format: ContainerFormat) throws {
        let file = try file(seconds: 2, arguments)
        let found = try Demuxed(file, format, pieceLength: 16_384)
        #expect(try found.tenths(of: 440) >= 18)
        let growth = try leastGrowth(rounds: 2) { _ = try Demuxed(file, format, pieceLength: 16_384) }
        #expect(growth < 8 << 20)
    }

    /// Ten megabytes of video stand between two packets, in each container that drops it itself.
    @Test func anyAmountOfVideoMayComeInBetween() throws {
        let small = "-c:v mpeg2video -g 1 -q:v 1 -c:a aac"
        // MPEG-TS: the packets of the video's identifier again and again, in the middle.
        let transport = try file(seconds: 1, "\(small) -f mpegts")
        let packets = stride(from: 0, to: transport.count, by: 188).map { Array(transport[$0..<($0 + 188)]) }
        let video = packets.filter { $0[1] & 0x1F == 1 && $0[2] == 0 }
        let middle = packets.count / 2 * 188
        let flood = (0..<(10_000_000 / 188 / video.count + 1)).flatMap { _ in video.flatMap { $0 } }
        let found = try Demuxed(
            Array(transport[..<middle]) + flood + transport[middle...], .mpegts, pieceLength: 65_536)
        #expect(try found.tenths(of: 440) >= 8)

        // Matroska: one block of the video's track again and again, behind a cluster's beginning.
        let matroska = try file(seconds: 1, "-c:v rawvideo -c:a aac -f matroska")
        let block: [UInt8] = [0xA3, 0x20, 0x40, 0x04, 0x81, 0, 0, 0x80] + [UInt8](repeating: 7, count: 16_384)
        let group: [UInt8] =
            [0xA0, 0x20, 0x40, 0x08, 0xA1, 0x20, 0x40, 0x04, 0x81, 0, 0, 0x80] + [UInt8](repeating: 7, count: 16_384)
        // Behind the identifier, the size, and the time.
        let size = try #require(matroska.firstRange(of: [0x1F, 0x43, 0xB6, 0x75] as [UInt8])).upperBound
        let content = size + matroska[size].leadingZeroBitCount + 1
        // A checksum may come first.
        let cluster = matroska[content] == 0xBF ? content + 6 : content
        let time = 2 + Int(matroska[cluster + 1] & 0x7F)
        #expect(matroska[cluster] == 0xE7)
        for element in [block, group] {
            let much = (0..<640).flatMap { _ in element }
            let place = cluster + time
            let heard = try Demuxed(
                Array(matroska[..<place]) + much + matroska[place...], .matroska, pieceLength: 65_536)
            #expect(try heard.tenths(of: 440) >= 9)
        }
    }

    /// Pictures beside the audio: attachments of Matroska, tags of an MP4's index.
    @Test(arguments: ["empty_moov+default_base_moof -frag_duration 100000", "faststart"])
    func picturesOfMP4ArePassedOver(_ flags: String) throws {
        let file = try CommandLineFFmpeg.tones([440], "-c:a aac -movflags \(flags) -metadata title=Tune -f mp4")
        let movie = try #require(file.firstRange(of: Array("moov".utf8)))
        let start = movie.lowerBound - 4
        let size = file[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) }
        let picture = [UInt8](repeating: 3, count: 12_000_000)
        func length(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        var covered = file
        covered.insert(contentsOf: length(8 + picture.count) + Array("udta".utf8) + picture, at: start + size)
        covered.replaceSubrange(start..<(start + 4), with: length(size + 8 + picture.count))
        if flags == "faststart" {
            // The table of chunks counts from the beginning of the file.
            let table = try #require(covered.firstRange(of: Array("stco".utf8))).upperBound
            let count = covered[(table + 4)..<(table + 8)].reduce(0) { $0 << 8 | Int($1) }
            for index in 0..<count {
                let place = table + 8 + 4 * index
                let value = covered[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
                covered.replaceSubrange(place..<(place + 4), with: length(value + 8 + picture.count))
            }
        }
        let found = try Demuxed(covered, .mov, pieceLength: 65_536)
        #expect(try found.tenths(of: 440) >= 9)
        #expect(found.packets.map(\.packet.payload) == (try Demuxed(file, .mov)).packets.map(\.packet.payload))
        let growth = try leastGrowth(rounds: 2) { _ = try Demuxed(covered, .mov, pieceLength: 65_536) }
        #expect(growth < 4 << 20)
    }
}
