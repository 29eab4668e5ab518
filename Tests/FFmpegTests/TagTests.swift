import AudioTimeline
import FFmpeg
import NIOCore
import TestSupport
import Testing

/// Tags and pictures around audio that has no container.
struct TagTests {
    enum Kind: String, CaseIterable { case id3, ape, apeFooter, id3v1 }

    /// A tag with a picture, in which frames seem to begin.
    private func tag(_ kind: Kind, pictureLength: Int = 2_500_000) -> [UInt8] {
        let frame: [UInt8] = [0xFF, 0xFB, 0x94, 0x44, 0xFF, 0xF1, 0x50, 0x80]
        let picture = Array(
            repeatElement(frame + [UInt8](repeating: 0, count: 4_088), count: pictureLength / 4_096).joined())
        func ape(isHeader: Bool, _ length: Int) -> [UInt8] {
            let numbers = [2_000, length + 32, 1, isHeader ? 0xA000_0000 : 0x8000_0000]
            return Array("APETAGEX".utf8)
                + numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
                + [UInt8](repeating: 0, count: 8)
        }
        switch kind {
        case .id3:
            return Array("ID3".utf8) + [4, 0, 0] + [21, 14, 7, 0].map { UInt8(picture.count >> $0 & 0x7F) } + picture
        case .ape: return ape(isHeader: true, picture.count) + picture + ape(isHeader: false, picture.count)
        // Its header is missing, so the items look like rubbish.
        case .apeFooter: return [UInt8](repeating: 0x41, count: 2_000_000) + ape(isHeader: false, 2_000_000)
        case .id3v1: return Array("TAG".utf8) + [UInt8](repeating: 0xFF, count: 125)
        }
    }

    static let formats: [(ContainerFormat, String)] = [
        (.mp3, "-c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0 -f mp3"), (.mp3, "-c:a mp2 -f mp2"),
        (.adts, "-c:a aac -f adts"), (.loas, "-c:a aac -f latm"),
    ]

    /// In front of the audio, between two songs, and at the end.
    @Test(arguments: Kind.allCases, formats.indices)
    func tagsAreAPause(_ kind: Kind, _ index: Int) throws {
        let (format, arguments) = Self.formats[index]
        let one = try CommandLineFFmpeg.tones([440], arguments)
        let other = try CommandLineFFmpeg.tones([880], arguments)
        let tag = tag(kind)
        let found = try Demuxed(tag + one + tag + other + tag, format, pieceLength: 65_536)
        #expect(try found.tenths(of: 440) >= 9)
        #expect(try found.tenths(of: 880) >= 9)
        let counts = try [one, other].map { try Demuxed($0, format).packets.count }
        #expect(abs(found.packets.count - counts.reduce(0, +)) <= 2)
    }

    /// The bytes behind a tag decide, whatever was declared.
    @Test(arguments: [Kind.id3, .ape], [ContainerFormat.mp3, .adts, .loas, .flac])
    func bytesBehindATagDecide(_ kind: Kind, _ declared: ContainerFormat) throws {
        for (codec, arguments) in [
            (AudioCodec.mp3, "-c:a libmp3lame -f mp3"), (.mp2, "-c:a mp2 -f mp2"), (.aac, "-c:a aac -f adts"),
            (.aac, "-c:a aac -f latm"), (.flac, "-c:a flac -f flac"),
        ] {
            let file = try tag(kind, pictureLength: 12_288) + CommandLineFFmpeg.tones([440], arguments)
            for pieceLength in [1, 1_400] {
                let found = try Demuxed(file, declared, pieceLength: pieceLength)
                #expect(found.configurations.first?.codec == codec)
                #expect(try found.tenths(of: 440) >= 9)
            }
        }
    }

    /// A type that the bytes contradict is not believed, not even when the push begins in the middle of a frame.
    @Test func aWrongTypeIsNotBelieved() throws {
        for (format, arguments) in Self.formats + [(.mpegts, "-c:a aac -f mpegts")] {
            let file = try CommandLineFFmpeg.tones([440], arguments)
            for type in ["audio/mpeg", "audio/aac", "application/ogg", "audio/flac", "video/x-flv", "text/plain"] {
                for start in [0, 333] {
                    let head = Array(file[start..<(start + ContainerSniffer.sufficientLength)])
                    #expect(ContainerSniffer.format(of: head, contentType: type) == format, "\(type), \(start)")
                }
            }
        }
    }

    /// Where bytes say nothing, the declared type counts; without one there is no telling.
    @Test func theDeclaredTypeCountsForRubbish() {
        let rubbish = [UInt8](repeating: 0x41, count: ContainerSniffer.sufficientLength)
        #expect(ContainerSniffer.format(of: rubbish, contentType: "audio/mpeg") == .mp3)
        #expect(ContainerSniffer.format(of: rubbish, contentType: "audio/mp4a-latm") == .loas)
        #expect(ContainerSniffer.format(of: rubbish, contentType: "audio/unheard-of") == nil)
        #expect(ContainerSniffer.format(of: rubbish) == nil)
    }
}
