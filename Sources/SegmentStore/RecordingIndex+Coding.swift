import Foundation
public import NIOCore
import NIOFoundationCompat

extension RecordingIndex {
    /// Why an index cannot be used.
    public enum CodingFailure: Error {
        /// Damaged, or written by a newer version of Twitchy.
        case unreadable(String)
    }

    public func encoded() throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return ByteBuffer(data: try encoder.encode(self))
    }

    public init(decoding bytes: ByteBuffer) throws {
        do {
            self = try JSONDecoder().decode(RecordingIndex.self, from: Data(buffer: bytes))
        } catch {
            throw CodingFailure.unreadable(String(describing: error))
        }
        guard version == 1 else { throw CodingFailure.unreadable("version \(version)") }
    }
}
