import NIOCore
import Testing

@testable import RTMP

/// Sessions that FFmpeg really held.
@Suite struct CaptureTests {
    private static func run(_ capture: Capture, pieceSize: Int = .max) throws -> SessionRun {
        var run = SessionRun()
        for step in try capture.steps() { run.feed(step, pieceSize: pieceSize) }
        #expect(run.error == nil)
        return run
    }

    @Test(arguments: Capture.allCases) func piecesOfAnySizeSayTheSame(capture: Capture) throws {
        let whole = try Self.run(capture)
        for pieceSize in [1, 3, 1000] {
            let run = try Self.run(capture, pieceSize: pieceSize)
            #expect(run.events == whole.events)
            #expect(run.output == whole.output)
        }
        #expect(whole.events.last == .unpublish)
        #expect(!whole.events.contains { if case .ignored = $0 { true } else { false } })
    }

    @Test func aac() throws {
        let run = try Self.run(.aac)
        #expect(run.events[1] == .publish(PublishRequest(application: "live", streamKey: "demo-key")))
        #expect(run.events[2] == .metadata(StreamMetadata(encoder: "Lavf59.27.100")))
        #expect(run.audio.count == 96)
        #expect(run.audio[0].payload == .sequenceHeader(.aac, ByteBuffer(bytes: [0x11, 0x88, 0x56, 0xE5, 0x00])))
        let frames = run.audio.dropFirst().map(\.timestamp)
        let expected: [Int64] = (0..<95).map { (frame: Int64) -> Int64 in frame * 1024 * 1000 / 48_000 }
        #expect(zip(frames, expected).allSatisfy { abs($0 - $1) <= 1 })
    }

    @Test func mp3() throws {
        let run = try Self.run(.mp3)
        #expect(run.audio.count == 78)
        for case .frame(let codec, let frame) in run.audio.map(\.payload) {
            #expect(codec == .mp3)
            #expect(frame.getBytes(at: frame.readerIndex, length: 2) == [0xFF, 0xFB])
        }
        let query = [("user", "u"), ("pass", "p")].map { PublishRequest.QueryItem(name: $0.0, value: $0.1) }
        #expect(run.events[1] == .publish(PublishRequest(application: "live", streamKey: "demo-key", query: query)))
    }

    @Test func videoIsPassedOver() throws {
        let run = try Self.run(.aacWithVideo)
        #expect(run.events[2] == .metadata(StreamMetadata(title: "A show", encoder: "Lavf59.27.100")))
        #expect(run.audio.count == 67)
        let video = run.events.compactMap { if case .video(let count) = $0 { count } else { nil } }
        #expect(video.count == 17)
        #expect(video.reduce(0, +) > 10_000)
    }
}
