import FFmpeg
import Testing

struct ContainerSnifferTests {
    /// Every container is told by its own bytes, whatever was declared.
    @Test(arguments: Recording.all)
    func bytesTellTheContainer(_ recording: Recording) throws {
        let head = Array(try recording.make(seconds: 0.3).file.prefix(ContainerSniffer.sufficientLength))
        #expect(ContainerSniffer.format(of: head) == recording.format)
        if recording.format != .mp3 {
            #expect(ContainerSniffer.format(of: head, contentType: "audio/mpeg") == recording.format)
        }
    }

    /// Where bytes do not tell, the declared type does.
    @Test func declaredTypeBreaksTies() {
        let tag = Array("ID3".utf8) + [4, 0, 0, 0x7F, 0x7F, 0x7F, 0x7F] + [UInt8](repeating: 0, count: 100)
        #expect(ContainerSniffer.format(of: tag) == .mp3)
        #expect(ContainerSniffer.format(of: tag, contentType: "audio/aac") == .adts)
        #expect(ContainerSniffer.format(of: [1, 2, 3], contentType: "Audio/AACP; charset=x", isAll: true) == .adts)
        #expect(ContainerSniffer.format(of: [], contentType: "audio/mpeg", isAll: true) == .mp3)
        // More may come that tells.
        #expect(ContainerSniffer.format(of: [1, 2, 3], contentType: "audio/aac") == nil)
        #expect(ContainerSniffer.format(of: []) == nil)
        #expect(ContainerSniffer.format(of: Array("GET / HTTP/1.1".utf8), contentType: "text/plain") == nil)
    }

    /// MP3 and AAC joined in the middle of a frame.
    @Test(arguments: ["MP3", "AAC in ADTS"])
    func middleOfAStreamIsTold(_ name: String) throws {
        let recording = try #require(Recording.all.first { $0.name == name })
        let file = try recording.make(seconds: 0.5).file
        #expect(ContainerSniffer.format(of: Array(file[1_000..<6_000])) == recording.format)
    }
}
