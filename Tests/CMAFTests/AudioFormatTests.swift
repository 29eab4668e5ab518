import CMAF
import NIOCore
import Testing

struct AudioFormatTests {
    /// A6: object type 2 is `mp4a.40.2`, explicit SBR `mp4a.40.5`, with parametric stereo `mp4a.40.29`.
    @Test(
        arguments: [
            ([0x11, 0x90], "mp4a.40.2", 48_000, 2),
            ([0x12, 0x08], "mp4a.40.2", 44_100, 1),
            // Object type 5, core 24 kHz, stereo, extension 48 kHz, core object type 2.
            ([0x2B, 0x11, 0x88, 0x00], "mp4a.40.5", 48_000, 2),
            // Object type 29, core 24 kHz, mono, extension 48 kHz.
            ([0xEB, 0x09, 0x88, 0x00], "mp4a.40.29", 48_000, 2),
            // Rate written out: 15, then 24 bits.
            ([0x17, 0x80, 0x5D, 0xC0, 0x10], "mp4a.40.2", 48_000, 2),
        ] as [([UInt8], String, Int, Int)])
    func codecsFollowTheAudioSpecificConfig(bytes: [UInt8], codecs: String, rate: Int, channels: Int) throws {
        let format = AudioFormat.aac(try AudioSpecificConfig(bytes))
        #expect(format.codecs == codecs)
        #expect(format.sampleRate == rate)
        #expect(format.channels == channels)
    }

    /// A7, A8: the spellings that most players take.
    @Test func opusAndFLACHaveTheirWidestSpelling() throws {
        #expect(AudioFormat.opus(OpusConfiguration()).codecs == "opus")
        let streamInfo = [UInt8](repeating: 0, count: 10) + [0x0B, 0xB8, 0x02, 0xF0] + [UInt8](repeating: 0, count: 20)
        #expect(AudioFormat.flac(try FLACStreamInfo(streamInfo)).codecs == "fLaC")
    }

    @Test func theConstantForStereoIsWhatItsBytesSay() throws {
        #expect(try AudioSpecificConfig([0x11, 0x90]) == .lowComplexityStereo48000)
    }

    @Test(arguments: [[], [0x11], [0x16, 0x90], [0x07, 0x90], [0x2B, 0x10]] as [[UInt8]])
    func refusesAudioSpecificConfigsThatEndEarlyOrAreReserved(bytes: [UInt8]) {
        #expect(throws: CMAFError.self) { try AudioSpecificConfig(bytes) }
    }

    /// RFC 7845 §5.1: an OpusHead is little endian.
    @Test func readsAnOpusHead() throws {
        let head = Array("OpusHead".utf8) + [1, 2, 0x38, 0x01, 0x80, 0xBB, 0, 0, 0x00, 0xFF, 0]
        let configuration = try OpusConfiguration(opusHead: head)
        #expect(configuration == OpusConfiguration(preSkip: 312, outputGain: -256))
        #expect(throws: CMAFError.self) { try OpusConfiguration(opusHead: Array(head.dropLast())) }
        #expect(throws: CMAFError.unsupported("Opus with channel mapping family 1 and 2 channels")) {
            try OpusConfiguration(opusHead: head.dropLast() + [1])
        }
    }

    @Test func refusesStreamInfoOfAnotherLength() {
        for count in [0, 10, 18, 33, 35] {
            #expect(throws: CMAFError.self) { try FLACStreamInfo([UInt8](repeating: 1, count: count)) }
        }
    }

    @Test func codesAreFourCharacters() {
        #expect(FourCharacterCode("moof").rawValue == 0x6D6F_6F66)
        #expect(FourCharacterCode("ab").rawValue == 0x6162_2020)
        #expect(FourCharacterCode(rawValue: 0x6D6F_6F00).description == "moo.")
    }
}
