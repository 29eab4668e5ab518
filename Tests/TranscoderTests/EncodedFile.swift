import FFmpeg
import Foundation
import NIOCore
import Testing

/// Files of real encoders.
enum EncodedFile {
    /// What ffmpeg makes of `arguments`, which name inputs and codec but no output.
    static func make(_ arguments: [String], suffix: String) async throws -> Data {
        let file = FileManager.default.temporaryDirectory.appending(path: "encoded-\(UUID().uuidString).\(suffix)")
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["ffmpeg", "-v", "error", "-nostdin"] + arguments + [file.path]
        // Waiting for the exit would hang where several threads do it.
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        try #require(status == 0)
        return try Data(contentsOf: file)
    }

    /// The path of a file of `Fixtures/`.
    static func fixture(_ name: String) -> URL {
        URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures").appending(path: name)
    }
}

/// A whole file, in pieces as they come from a socket.
final class FileInput: DemuxerInput {
    private var rest: ByteBuffer

    init(_ data: Data) { rest = ByteBuffer(bytes: data) }

    func read(maxLength: Int) throws(FFmpegError) -> ByteBuffer? {
        let count = min(maxLength, 1_400, rest.readableBytes)
        return count > 0 ? rest.readSlice(length: count) : nil
    }
}
