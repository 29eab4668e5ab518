import Foundation
import NIOCore

@testable import RTMP

/// What FFmpeg 5.1 sent to a server, byte for byte; how each was made is in `Captures/README.md`.
enum Capture: String, CaseIterable, Sendable {
    case aac = "ffmpeg-aac"
    case mp3 = "ffmpeg-mp3"
    case aacWithVideo = "ffmpeg-aac-video"

    func bytes() throws -> ByteBuffer {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let file = folder.appendingPathComponent("Captures/\(rawValue).rtmp")
        return ByteBuffer(bytes: try Data(contentsOf: file))
    }

    /// What came up to `publish`, and what came after the answer to it.
    func steps() throws -> [ByteBuffer] {
        let bytes = try bytes()
        var run = SessionRun()
        run.answer = { _ in }
        var rest = bytes
        while let byte = rest.readSlice(length: 1) {
            run.feed(byte)
            if case .publish = run.events.last { break }
        }
        var opening = bytes
        return [opening.readSlice(length: bytes.readableBytes - rest.readableBytes) ?? ByteBuffer(), opening]
    }
}
