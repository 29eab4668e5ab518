import AudioTimeline
import FFmpeg
import Foundation
import NIOCore
import TestSupport
import Testing

/// Audio that cannot be played is refused within its first packets, by name.
struct UndecodableTests {
    static let inContainers: [(String, ContainerFormat, String)] = [
        ("-c:a alac -f matroska", .matroska, "ALAC"), ("-c:a alac -movflags empty_moov -f mp4", .mov, "ALAC"),
        ("-c:a alac -movflags faststart -f mp4", .mov, "ALAC"),
        ("-c:a pcm_s16le -f matroska", .matroska, "Uncompressed audio (PCM)"),
        ("-c:a pcm_s24be -movflags empty_moov -f mov", .mov, "Uncompressed audio (PCM)"),
        ("-c:a dca -strict -2 -f matroska", .matroska, "DTS"), ("-c:a dca -strict -2 -f mpegts", .mpegts, "DTS"),
        ("-c:a truehd -strict -2 -f matroska", .matroska, "Dolby TrueHD"),
        ("-c:a wavpack -f matroska", .matroska, "WavPack"), ("-c:a tta -f matroska", .matroska, "TTA"),
        ("-c:a wmav2 -f matroska", .matroska, "Windows Media Audio"),
        ("-c:a pcm_alaw -movflags empty_moov -f mov", .mov, "G.711 A-law"),
        ("-c:a pcm_mulaw -f matroska", .matroska, "G.711 mu-law"),
        ("-ac 2 -c:a s302m -strict -2 -f mpegts", .mpegts, "Uncompressed audio (SMPTE 302M)"),
    ]

    @Test(arguments: inContainers.indices)
    func codecsOfContainersAreNamed(_ index: Int) throws {
        let (arguments, format, name) = Self.inContainers[index]
        let file = try CommandLineFFmpeg.tones([440], seconds: 4, arguments)
        let input = BytesInput(file)
        let demuxer = Demuxer(format: format, input: input)
        let refusal = #expect(throws: FFmpegError.self) { while try demuxer.next() != nil {} }
        #expect(refusal?.reason == .undecodable)
        #expect(refusal?.message.hasPrefix("\(name) cannot be decoded; send ") == true, "\(refusal?.message ?? "")")
        // Within the first second.
        #expect(input.taken <= max(20_000, file.count / 4))
    }

    static let ofTheirOwn: [(String, String)] = [
        ("-f wav", "WAV (uncompressed audio)"), ("-f aiff", "AIFF"), ("-c:a alac -f caf", "CAF"),
        ("-f au", "AU (uncompressed audio)"), ("-f wv", "WavPack"), ("-f tta", "TTA"),
        ("-c:a wmav2 -f asf", "ASF (Windows Media)"), ("-c:a dca -strict -2 -f dts", "DTS"),
        ("-c:a libmp3lame -f avi", "AVI"), ("-ar 8000 -ac 1 -c:a real_144 -f rm", "RealMedia"),
        ("-c:a ac3 -f ac3", "AC-3 without a container"), ("-c:a mp2 -f vob", "MPEG program stream"),
    ]

    /// Files that are no container of ours are named, whatever type was declared.
    @Test(arguments: ofTheirOwn.indices)
    func otherFilesAreNamed(_ index: Int) throws {
        let (arguments, name) = Self.ofTheirOwn[index]
        let file = try CommandLineFFmpeg.tones([440], arguments)
        let refusal = ContainerSniffer.refusal(of: Array(file.prefix(ContainerSniffer.sufficientLength)))
        #expect(refusal?.sentence.hasPrefix("\(name) cannot be decoded; send ") == true, "\(refusal?.sentence ?? "")")
    }

    /// What we play is none of them.
    @Test(arguments: Recording.all)
    func whatIsPlayedIsNotNamed(_ recording: Recording) throws {
        let file = try recording.make(seconds: 0.3).file
        #expect(ContainerSniffer.refusal(of: Array(file.prefix(ContainerSniffer.sufficientLength))) == nil)
    }

    @Test func pagesAndListsAreNotAudio() {
        for text in ["<!DOCTYPE html><html>", "\n<html>", "#EXTM3U\nhttp://a/b.mp3\n", "[playlist]\nFile1=a"] {
            #expect(ContainerSniffer.refusal(of: Array(text.utf8))?.sentence.contains("is text") == true)
        }
    }

    /// FFmpeg's decoder of Debian 12 takes no more than 24 bits, in whatever container they come.
    @Test func flacOf32BitsIsRefused() throws {
        let file = try Array(Data(contentsOf: Fixture.url("codecs/flac-32-bit-48000-stereo.flac")))
        let frame = file.firstRange(of: [0xFF, 0xF8])?.lowerBound ?? file.count
        let information = Array(file[8..<42])
        let ogg = OggPages.link(
            [0x7F] + Array("FLAC".utf8) + [1, 0, 0, 1] + Array("fLaC".utf8) + [0x80, 0, 0, 34] + information)
        let sentence = "32-bit FLAC cannot be decoded; send 16 or 24 bits."
        #expect(throws: FFmpegError(.undecodable, sentence)) { try Demuxed(file, .flac) }
        // A later file of a playlist, and a stream whose frames say what its head does not.
        let good = try CommandLineFFmpeg.tones([440], "-c:a flac -f flac")
        #expect(throws: FFmpegError(.undecodable, sentence)) { try Demuxed(good + file, .flac) }
        #expect(throws: FFmpegError(.undecodable, sentence)) {
            try Demuxed(ogg + OggPages.link(Array(file[frame..<(frame + 200)])), .ogg)
        }
        for container in ["matroska", "mp4 -strict -2 -movflags empty_moov"] {
            var other = try CommandLineFFmpeg.tones([440], "-c:a flac -sample_fmt s16 -f \(container)")
            // STREAMINFO, as it begins: both block sizes.
            let start = try #require(
                other.firstRange(of: [0x10, 0x00, 0x10, 0x00] as [UInt8])
                    ?? other.firstRange(of: [0x12, 0x00, 0x12, 0x00] as [UInt8]))
            other[start.lowerBound + 12] |= 1
            other[start.lowerBound + 13] |= 0xF0
            let format: ContainerFormat = container == "matroska" ? .matroska : .mov
            #expect(throws: FFmpegError(.undecodable, sentence)) { try Demuxed(other, format) }
        }
    }

    /// Frames whose length no header tells; the decoder knows no more of it.
    @Test(arguments: [(48_000, 320), (44_100, 320), (32_000, 256), (22_050, 144)])
    func freeFormatIsRefused(_ rate: Int, _ kilobits: Int) throws {
        let file = try CommandLineFFmpeg.tones(
            [440], seconds: 3, "-ar \(rate) -c:a libmp3lame -b:a \(kilobits)k -write_xing 0 -id3v2_version 0 -f mp3")
        var free = file
        for packet in try Demuxed(file, .mp3).packets {
            let frame = Array(packet.packet.payload.readableBytesView)
            guard let place = free.firstRange(of: frame) else { continue }
            free[place.lowerBound + 2] &= 0x0F
        }
        #expect(ContainerSniffer.format(of: Array(free.prefix(ContainerSniffer.sufficientLength))) == .mp3)
        for pieceLength in [1, 1_400] {
            let input = BytesInput(free, pieceLength: pieceLength)
            let demuxer = Demuxer(format: .mp3, input: input)
            let refusal = #expect(throws: FFmpegError.self) { while try demuxer.next() != nil {} }
            #expect(refusal?.message.hasPrefix("Free-format MP3 cannot be decoded; set the encoder to ") == true)
            #expect(input.taken < 20_000)
        }
    }

    /// Object types of MPEG-4 audio that no decoder has, by the names under which encoders offer them.
    @Test(
        arguments: [
            (31, 7, "AAC-ELD"), (31, 10, "xHE-AAC (USAC)"), (3, nil, "AAC-SSR"), (6, nil, "Scalable AAC"),
            (22, nil, "BSAC"),
            (31, 4, "MPEG-4 ALS"), (26, nil, "AAC of object type 26"),
        ] as [(Int, Int?, String)])
    func kindsOfAACAreNamed(_ type: Int, _ escape: Int?, _ name: String) {
        var bits = [(type, 5)] + (escape.map { [($0, 6)] } ?? [])
        bits += [(3, 4), (2, 4), (0, 24)]
        let text = bits.map { String(repeating: "0", count: $1 - String($0, radix: 2).count) + String($0, radix: 2) }
            .joined()
        let bytes = stride(from: 0, to: text.count - 7, by: 8).compactMap {
            UInt8(text.dropFirst($0).prefix(8), radix: 2)
        }
        let configuration = CodecConfiguration(codec: .aac, sampleRate: 48_000, channels: 2, setup: bytes)
        #expect(configuration.refusal?.sentence == "\(name) cannot be decoded; send AAC-LC or HE-AAC.")
    }

    /// More channels than are mixed down, before a decoder sees them.
    @Test func tooManyChannelsAreRefused() {
        let head = Array("OpusHead".utf8) + [1, 12, 0, 0, 0x80, 0xBB, 0, 0, 0, 0, 255]
        let configuration = CodecConfiguration(codec: .opus, sampleRate: 48_000, channels: 12, setup: head)
        #expect(configuration.refusal?.sentence == "Audio of 12 channels cannot be decoded; send at most 8.")
        #expect(CodecConfiguration(codec: .mp3, sampleRate: 48_000, channels: 2).refusal == nil)
    }

    /// A container of video only says so at once.
    @Test(arguments: [("-f matroska", ContainerFormat.matroska), ("-movflags empty_moov+frag_keyframe -f mp4", .mov)])
    func videoAloneIsRefused(_ arguments: String, _ format: ContainerFormat) throws {
        let words = "-f lavfi -i testsrc=size=64x64:rate=10 -t 2 -c:v mpeg4 -g 5 \(arguments)".split(separator: " ")
        let file = try CommandLineFFmpeg.run(words.map(String.init), input: [])
        let refusal = #expect(throws: FFmpegError.self) { try Demuxed(file, format) }
        #expect(refusal?.message.contains("no audio track") == true)
    }
}
