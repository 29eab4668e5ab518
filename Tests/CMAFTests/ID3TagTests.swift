import CMAF
import NIOCore
import Testing

struct ID3TagTests {
    private func tag(version: UInt8, flags: UInt8 = 0, _ body: [UInt8]) -> ByteBuffer {
        let size = body.count
        let header: [UInt8] = [0x49, 0x44, 0x33, version, 0, flags, 0, 0, UInt8(size >> 7), UInt8(size & 0x7F)]
        return ByteBuffer(bytes: header + body)
    }

    @Test func isReadBackAsItWasWritten() throws {
        let long = String(repeating: "Ω", count: 5000)
        let written = ID3Tag(title: long, artist: "B", userTexts: [("a", "1"), ("b", "")])
        var buffer = ByteBuffer()
        written.write(into: &buffer)
        let read = try ID3Tag(reading: buffer)
        #expect(read == written)
        #expect(read.title == long)
        #expect(read.artist == "B")
        #expect(read.userText("a") == "1")
        #expect(read.userText("c") == nil)
    }

    /// A zero byte would end the text early in every reader, so the rest is not written.
    @Test func textsEndAtAZero() throws {
        var buffer = ByteBuffer()
        ID3Tag(title: "A\0B").write(into: &buffer)
        #expect(try ID3Tag(reading: buffer).title == "A")
    }

    /// id3v2.4.0-structure §4: ISO 8859-1, UTF-16 with mark, UTF-16BE, UTF-8.
    @Test(
        arguments: [
            [0, 0x47, 0xFC], [1, 0xFF, 0xFE, 0x47, 0, 0xFC, 0, 0, 0], [1, 0xFE, 0xFF, 0, 0x47, 0, 0xFC],
            [2, 0, 0x47, 0, 0xFC], [3, 0x47, 0xC3, 0xBC, 0],
        ] as [[UInt8]])
    func decodesTheFourEncodings(content: [UInt8]) throws {
        let frame = Array("TIT2".utf8) + [0, 0, 0, UInt8(content.count), 0, 0] + content
        for version in 3...4 as ClosedRange<UInt8> {
            #expect(try ID3Tag(reading: tag(version: version, frame)).title == "Gü")
        }
    }

    /// Frame sizes are plain integers in version 3 and synchsafe in version 4.
    @Test func frameSizesDependOnTheVersion() throws {
        let text = [UInt8(3)] + [UInt8](repeating: 0x61, count: 199)
        let plain = Array("TIT2".utf8) + [0, 0, 0, 200, 0, 0] + text
        let synchsafe = Array("TIT2".utf8) + [0, 0, 1, 72, 0, 0] + text
        #expect(try ID3Tag(reading: tag(version: 3, plain)).title?.count == 199)
        #expect(try ID3Tag(reading: tag(version: 4, synchsafe)).title?.count == 199)
        #expect(throws: ID3Error.malformedFrame("TIT2")) { try ID3Tag(reading: tag(version: 4, plain)) }
    }

    @Test func unsynchronisationAndExtendedHeadersAreUndone() throws {
        let frame = Array("TIT2".utf8) + [0, 0, 0, 4, 0, 0, 0, 0xFF, 0, 0x62]
        #expect(try ID3Tag(reading: tag(version: 4, flags: 0x80, frame)).title == "ÿb")
        let extended: [UInt8] = [0, 0, 0, 6, 1, 0]
        let plain = Array("TIT2".utf8) + [0, 0, 0, 2, 0, 0, 0, 0x62]
        #expect(try ID3Tag(reading: tag(version: 4, flags: 0x40, extended + plain)).title == "b")
    }

    @Test func paddingEndsTheTagAndOtherFramesAreKept() throws {
        let frame = Array("PRIV".utf8) + [0, 0, 0, 2, 0, 0, 9, 8] + [UInt8](repeating: 0, count: 20)
        let read = try ID3Tag(reading: tag(version: 4, frame))
        #expect(read.frames == [.other("PRIV", ByteBuffer(bytes: [9, 8]))])
        var buffer = ByteBuffer()
        read.write(into: &buffer)
        #expect(try ID3Tag(reading: buffer) == read)
    }

    @Test func refusesWhatIsNoTag() {
        #expect(throws: ID3Error.notATag) { try ID3Tag(reading: ByteBuffer(string: "ID3")) }
        #expect(throws: ID3Error.notATag) { try ID3Tag(reading: ByteBuffer(string: "RIFF0000000000")) }
        #expect(throws: ID3Error.unsupportedVersion(2)) { try ID3Tag(reading: tag(version: 2, [])) }
    }
}
