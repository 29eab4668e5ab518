import AudioTimeline
import NIOCore
import Testing

@testable import Transcoder

/// Legs of which nothing can be decoded.
struct SilentLegTests {
    /// It is told once, with its reason, however long it is; the leg behind it is heard and told of no more.
    @Test func isToldOnce() async throws {
        var noise = try TestSource.aac(seconds: 4)
        noise.packets = noise.packets.enumerated().map { index, packet in
            // Elements that are cut off in mid-air.
            ByteBuffer(bytes: [0x20, UInt8(truncatingIfNeeded: index)])
        }
        var maker = BatchMaker()
        try maker.push(noise)
        try maker.push(try TestSource.aac(seconds: 3))
        try maker.push(noise)
        maker.end()
        let transcoder = try StreamTranscoder.fresh("aac:64,flac")
        var told: [StreamTranscoder.SilentLeg] = []
        var broken = 0
        for batch in maker.batches {
            let outcome = try await transcoder.transcode(batch)
            if let leg = outcome.silentLeg { told.append(leg) }
            broken += outcome.brokenPackets
        }
        #expect(told.map(\.number) == [0, 2])
        #expect(told.allSatisfy { $0.codec == .aac && !$0.reason.isEmpty })
        #expect(broken > 300)
    }

    /// A few packets that are damaged are none of it.
    @Test func damagedPacketsAreNot() async throws {
        var source = try TestSource.aac(seconds: 3)
        for index in 0..<20 { source.packets[index] = ByteBuffer(bytes: [0x20]) }
        var maker = BatchMaker()
        try maker.push(source)
        maker.end()
        let transcoder = try StreamTranscoder.fresh("aac:64,flac")
        for batch in maker.batches { #expect(try await transcoder.transcode(batch).silentLeg == nil) }
    }
}
