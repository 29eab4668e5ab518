import CMAF
import NIOCore
import Testing

struct EventMessageTests {
    /// F22, F23: version 1, the AOM scheme, the track's timescale, an absolute time and an unknown duration.
    @Test func carriesAnID3TagAtATimeOfTheTrack() throws {
        let event = EventMessage(id3: ID3Tag(title: "T"), presentationTime: 0x1_0000_0000, id: 9)
        var buffer = ByteBuffer()
        event.write(into: &buffer)
        let body = try #require(BoxTree.read(buffer.bytes).first("emsg")).body
        var expected: [UInt8] = [1, 0, 0, 0, 0, 0, 0xBB, 0x80, 0, 0, 0, 1, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]
        expected += [0, 0, 0, 9] + Array("https://aomedia.org/emsg/ID3".utf8) + [0, 0]
        expected += [0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 13]
        expected += Array("TIT2".utf8) + [0, 0, 0, 3, 0, 0, 3] + Array("T".utf8) + [0]
        #expect(body == expected)
    }

    /// F26: an event is read back with the fragment that follows it, and its bytes belong to that fragment.
    @Test func isReadBackWithItsFragment() throws {
        let tag = ID3Tag(title: "Ünïcödé ♫", artist: "Artist", userTexts: [("station", "Twitchy")])
        let event = EventMessage(id3: tag, presentationTime: 9300, id: 3)
        let sample = MediaPart.Sample(duration: 9216, payload: ByteBuffer(bytes: [1, 2, 3]))
        let part = MediaPart(sequenceNumber: 1, baseMediaDecodeTime: 9216, samples: [sample], events: [event])
        var buffer = ByteBuffer()
        part.write(into: &buffer)
        var reader = FragmentReader(buffer)
        guard case .fragment(let fragment) = try reader.next() else {
            Issue.record("no fragment")
            return
        }
        #expect(fragment.events == [event])
        #expect(fragment.byteRange == 0..<buffer.readableBytes)
        #expect(try ID3Tag(reading: fragment.events[0].message) == tag)
    }

    @Test func refusesOtherVersions() {
        let sample = MediaPart.Sample(duration: 1, payload: ByteBuffer(bytes: [1]))
        let event = EventMessage(scheme: "urn:x", value: "v", presentationTime: 0, id: 0, message: ByteBuffer())
        var buffer = ByteBuffer()
        MediaPart(sequenceNumber: 1, baseMediaDecodeTime: 0, samples: [sample], events: [event]).write(into: &buffer)
        buffer.setInteger(UInt8(0), at: 8)
        #expect(throws: CMAFError.unsupported("emsg of version 0")) { try FragmentReader.readAll(buffer) }
    }
}
