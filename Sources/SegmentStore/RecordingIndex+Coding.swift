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
        guard isSound else { throw CodingFailure.unreadable("numbers that cannot be") }
    }

    /// Whether arithmetic on it cannot overflow and lists of it have an end: years of audio at most.
    private var isSound: Bool {
        var segments: UInt64 = 0
        for epoch in epochs {
            guard epoch.segmentCount <= 1 << 24, epoch.firstMediaSequence <= 1 << 48,
                epoch.discontinuitySequence <= 1 << 48, (0...1 << 24).contains(epoch.lastSegmentSamples),
                epoch.dates.allSatisfy({ $0.segment <= 1 << 24 && (-(1 << 60)...1 << 60).contains($0.dateMicroseconds) }
                )
            else { return false }
            segments += epoch.segmentCount
            guard segments <= 1 << 24 else { return false }
        }
        return keeping.byteCount >= 0 && keeping.byteCount <= 1 << 60
    }
}
