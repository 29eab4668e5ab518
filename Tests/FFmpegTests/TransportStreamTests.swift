import AudioTimeline
import FFmpeg
import NIOCore
import TestSupport
import Testing

/// Transport streams whose tables change.
struct TransportStreamTests {
    private func stream(_ frequency: Int, _ arguments: String = "-c:a aac", identifier: Int = 0x100) throws -> [UInt8] {
        try CommandLineFFmpeg.tones([frequency], "\(arguments) -streamid 0:\(identifier) -f mpegts")
    }

    /// The next programme's audio has another identifier, or another program, map or codec.
    @Test(arguments: [
        "-c:a aac", "-c:a mp2", "-c:a libmp3lame", "-c:a ac3", "-c:a libopus", "-c:a aac -mpegts_flags latm",
        "-c:a aac -mpegts_service_id 7", "-c:a aac -mpegts_pmt_start_pid 0x300",
    ])
    func changesAreFollowed(_ arguments: String) throws {
        let (one, other) = (try stream(440), try stream(880, arguments, identifier: 0x200))
        let found = try Demuxed(one + other, .mpegts)
        #expect(try found.tenths(of: 440) >= 9)
        #expect(try found.tenths(of: 880) >= 9)
        let counts = try [one, other].map { try Demuxed($0, .mpegts).packets.count }
        // What was begun and not ended where the tables change may be left out.
        #expect((counts[0] + counts[1] - 8...counts[0] + counts[1]).contains(found.packets.count))
    }

    /// A long day: the identifier changes more often than a container may have streams.
    @Test func changesWithoutEndAreFollowed() throws {
        let one = try stream(440)
        let streams = (0..<20).flatMap { renamed(one, to: 0x200 + 16 * $0) }
        let found = try Demuxed(streams, .mpegts)
        #expect(found.configurations.count == 1)
        #expect(try found.tenths(of: 440) >= 20 * 8)
    }

    /// Gives the audio another identifier, in its packets and in the map.
    private func renamed(_ file: [UInt8], to identifier: Int) -> [UInt8] {
        var file = file
        let (high, low) = (UInt8(identifier >> 8), UInt8(identifier & 0xFF))
        for start in stride(from: 0, to: file.count, by: 188) {
            if file[start + 1] & 0x1F == 1, file[start + 2] == 0 {
                file[start + 1] = file[start + 1] & 0xE0 | high
                file[start + 2] = low
            } else if file[start + 1] & 0x1F == 0x10, file[start + 2] == 0 {
                let section = start + 5
                let end = section + 3 + Int(file[section + 2])
                for place in [section + 8, section + 13] {
                    file[place] = file[place] & 0xE0 | high
                    file[place + 1] = low
                }
                var sum = UInt32.max
                for byte in file[section..<(end - 4)] {
                    sum ^= UInt32(byte) << 24
                    for _ in 0..<8 { sum = sum & 0x8000_0000 != 0 ? sum << 1 ^ 0x04C1_1DB7 : sum << 1 }
                }
                for index in 0..<4 {
                    file[end - 4 + index] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * UInt32(index)))
                }
            }
        }
        return file
    }

    /// The first program that can be played is, whatever stands in front of it.
    @Test func audioOfALaterProgramIsFound() throws {
        let arguments = "-c:a aac -program program_num=1:st=0 -program program_num=2:st=1"
        let inputs =
            "-f lavfi -i testsrc=size=64x64:rate=10 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 1 -map 0 -map 1"
        let words = "\(inputs) -c:v mpeg2video \(arguments) -f mpegts".split(separator: " ").map(String.init)
        let found = try Demuxed(try CommandLineFFmpeg.run(words, input: []), .mpegts)
        #expect(try found.tenths(of: 440) >= 9)
    }

    /// Joined in the middle, and with rubbish in between.
    @Test func rubbishIsPassedOver() throws {
        let file = try stream(440)
        let packets = file.count / 188
        let cut = packets / 2 * 188
        let rubbish = [UInt8](repeating: 0x47, count: 333)
        let found = try Demuxed(Array(file[77..<cut]) + rubbish + file[cut...], .mpegts)
        let whole = try Demuxed(file, .mpegts).packets.count
        #expect((whole - 12...whole).contains(found.packets.count))
    }

    /// Damaged tables are no change.
    @Test func damagedTablesAreNotBelieved() throws {
        var file = try stream(440)
        let maps = stride(from: 0, to: file.count, by: 188).filter { file[$0 + 1] & 0x5F == 0x50 && file[$0 + 2] == 0 }
        #expect(maps.count > 2)
        // The identifier of the audio in all maps but the first.
        for start in maps.dropFirst() { file[start + 5 + 14] ^= 1 }
        let found = try Demuxed(file, .mpegts)
        #expect(try found.tenths(of: 440) >= 9)
        #expect(found.packets.count == (try Demuxed(stream(440), .mpegts)).packets.count)
    }
}
