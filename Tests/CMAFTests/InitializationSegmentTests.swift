import CMAF
import NIOCore
import Testing

struct InitializationSegmentTests {
    private static let streamInfo48000: [UInt8] =
        [
            0x12, 0x00, 0x12, 0x00, 0, 0, 0, 0, 0, 0, 0x0B, 0xB8, 0x03, 0x70, 0, 0, 0, 0,
        ] + [UInt8](repeating: 0, count: 16)

    private static func formats() throws -> [AudioFormat] {
        [
            .aac(.lowComplexityStereo48000),
            .opus(OpusConfiguration()),
            .flac(try FLACStreamInfo(streamInfo48000)),
        ]
    }

    private func write(_ segment: InitializationSegment) -> ByteBuffer {
        var buffer = ByteBuffer()
        segment.write(into: &buffer)
        return buffer
    }

    /// F1: `ftyp` with `iso6`, then `moov`; durations 0; `mvex` after `trak`; nothing else.
    @Test func beginsWithFileTypeAndHasNoSamples() throws {
        for format in try Self.formats() {
            let boxes = BoxTree.read(write(InitializationSegment(format: format)).bytes)
            #expect(boxes.map(\.type) == ["ftyp", "moov"])
            let brands = stride(from: 8, to: boxes[0].body.count, by: 4).map {
                String(decoding: boxes[0].body[$0..<$0 + 4], as: UTF8.self)
            }
            #expect(brands.contains("iso6"))
            #expect(brands.contains("cmfc"))
            #expect(boxes[1].children.map(\.type) == ["mvhd", "trak", "mvex"])
            #expect(try #require(boxes.first("mvhd")).body.integer(at: 16, bytes: 4) == 0)
            #expect(try #require(boxes.first("tkhd")).body.integer(at: 20, bytes: 4) == 0)
            #expect(try #require(boxes.first("mdhd")).body.integer(at: 16, bytes: 4) == 0)
            #expect(try #require(boxes.first("stts")).body.integer(at: 4, bytes: 4) == 0)
            #expect(try #require(boxes.first("stsz")).body.integer(at: 8, bytes: 4) == 0)
            #expect(try #require(boxes.first("stco")).body.integer(at: 4, bytes: 4) == 0)
        }
    }

    /// F3: the timescale is 48000, in the movie and in the track.
    @Test func countsIn48000thsOfASecond() throws {
        let boxes = BoxTree.read(write(InitializationSegment(format: .aac(.lowComplexityStereo48000))).bytes)
        #expect(try #require(boxes.first("mvhd")).body.integer(at: 12, bytes: 4) == 48_000)
        #expect(try #require(boxes.first("mdhd")).body.integer(at: 12, bytes: 4) == 48_000)
    }

    /// F11, F14: browsers disagree about edit lists, so there is none.
    @Test func hasNoEditList() throws {
        for format in try Self.formats() {
            let types = BoxTree.read(write(InitializationSegment(format: format)).bytes).types
            #expect(!types.contains("edts"))
            #expect(!types.contains("elst"))
        }
    }

    /// F9: `esds` has descriptors 3, 4, 5, object type 0x40 and the AudioSpecificConfig byte for byte.
    @Test func aacDescriptorsComeInTheOrderThatPlayersRead() throws {
        let segment = InitializationSegment(format: .aac(.lowComplexityStereo48000), bitRate: 128_000)
        let boxes = BoxTree.read(write(segment).bytes)
        let entry = try #require(boxes.first("mp4a"))
        #expect(entry.body.integer(at: 16, bytes: 2) == 2)
        #expect(entry.body.integer(at: 18, bytes: 2) == 16)
        #expect(entry.body.integer(at: 24, bytes: 4) == 48_000 << 16)
        #expect(
            try #require(boxes.first("esds")).body == [
                0, 0, 0, 0,
                3, 25, 0, 0, 0,
                4, 17, 0x40, 0x15, 0, 0, 0, 0, 1, 0xF4, 0, 0, 1, 0xF4, 0,
                5, 2, 0x11, 0x90,
                6, 1, 2,
            ]
        )
    }

    /// F16, F17: entry `Opus`, samplesize 16, 48000 Hz, one big-endian `dOps` of version 0 with PreSkip 0.
    @Test func opusEntryHasItsOwnBox() throws {
        let boxes = BoxTree.read(write(InitializationSegment(format: .opus(OpusConfiguration()))).bytes)
        let entry = try #require(boxes.first("Opus"))
        #expect(entry.body.integer(at: 16, bytes: 2) == 2)
        #expect(entry.body.integer(at: 18, bytes: 2) == 16)
        #expect(entry.body.integer(at: 24, bytes: 4) == 48_000 << 16)
        #expect(entry.children.map(\.type) == ["dOps"])
        #expect(entry.children[0].body == [0, 2, 0, 0, 0, 0, 0xBB, 0x80, 0, 0, 0])
        #expect(String(decoding: boxes[0].body, as: UTF8.self).contains("Opus"))
    }

    /// F18: `sgpd` describes one `roll` group of −4 packets.
    @Test func opusAnnouncesItsPreRoll() throws {
        let boxes = BoxTree.read(write(InitializationSegment(format: .opus(OpusConfiguration()))).bytes)
        let description = try #require(boxes.first("sgpd")).body
        #expect(description == [1, 0, 0, 0] + Array("roll".utf8) + [0, 0, 0, 2, 0, 0, 0, 1, 0xFF, 0xFC])
        let aac = BoxTree.read(write(InitializationSegment(format: .aac(.lowComplexityStereo48000))).bytes)
        #expect(aac.first("sgpd") == nil)
    }

    /// F20: entry `fLaC`, `dfLa` with STREAMINFO as last block; channels and sample size are those of STREAMINFO.
    @Test func flacEntryAgreesWithItsStreamInfo() throws {
        let format = AudioFormat.flac(try FLACStreamInfo(Self.streamInfo48000))
        let boxes = BoxTree.read(write(InitializationSegment(format: format)).bytes)
        let entry = try #require(boxes.first("fLaC"))
        #expect(entry.body.integer(at: 16, bytes: 2) == 2)
        #expect(entry.body.integer(at: 18, bytes: 2) == 24)
        #expect(entry.body.integer(at: 24, bytes: 4) == 48_000 << 16)
        #expect(entry.children.map(\.type) == ["dfLa"])
        #expect(entry.children[0].body == [0, 0, 0, 0, 0x80, 0, 0, 34] + Self.streamInfo48000)
    }

    /// F21: rates above 65535 Hz are written as their largest regular division, never as 0.
    @Test(arguments: [(96_000, 48_000), (192_000, 48_000), (88_200, 44_100), (44_100, 44_100)])
    func flacRatesThatDoNotFitAreDivided(rate: Int, written: Int) throws {
        var bytes = Self.streamInfo48000
        bytes[10] = UInt8(rate >> 12)
        bytes[11] = UInt8(rate >> 4 & 0xFF)
        bytes[12] = UInt8(rate & 0x0F) << 4 | bytes[12] & 0x0F
        let streamInfo = try FLACStreamInfo(bytes)
        #expect(streamInfo.sampleRate == rate)
        let boxes = BoxTree.read(write(InitializationSegment(format: .flac(streamInfo))).bytes)
        #expect(try #require(boxes.first("fLaC")).body.integer(at: 24, bytes: 4) == written << 16)
    }

    /// F22: the brand `aid3` announces ID3 in `emsg`.
    @Test func announcesTimedMetadata() {
        let boxes = BoxTree.read(write(InitializationSegment(format: .aac(.lowComplexityStereo48000))).bytes)
        #expect(String(decoding: boxes[0].body, as: UTF8.self).contains("aid3"))
    }

    @Test func isReadBackAsItWasWritten() throws {
        for format in try Self.formats() {
            let isAAC = if case .aac = format { true } else { false }
            let segment = InitializationSegment(format: format, bitRate: isAAC ? 96_000 : 0)
            #expect(try InitializationSegment(reading: write(segment)) == segment)
        }
    }

    @Test func refusesTracksThatAreNotAudioOfOurs() throws {
        var bytes = write(InitializationSegment(format: .aac(.lowComplexityStereo48000))).bytes
        let entry = try #require(bytes.indices.first { bytes[$0...].starts(with: "mp4a".utf8) })
        bytes.replaceSubrange(entry..<entry + 4, with: "avc1".utf8)
        #expect(throws: CMAFError.unsupported("a track of 'avc1'")) {
            try InitializationSegment(reading: ByteBuffer(bytes: bytes))
        }
        #expect(throws: CMAFError.missing(box: "moov", within: "file")) {
            try InitializationSegment(reading: ByteBuffer())
        }
    }
}
