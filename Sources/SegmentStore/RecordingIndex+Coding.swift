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

    /// - Parameter stream: whose it has to be; nil: anybody's.
    public init(decoding bytes: ByteBuffer, of stream: String? = nil) throws {
        do {
            self = try JSONDecoder().decode(RecordingIndex.self, from: Data(buffer: bytes))
        } catch {
            throw CodingFailure.unreadable(String(describing: error))
        }
        guard version == 1 else { throw CodingFailure.unreadable("version \(version)") }
        guard isSound else { throw CodingFailure.unreadable("numbers that cannot be") }
        guard stream == nil || stream == self.stream else { throw CodingFailure.unreadable("it is of another stream") }
    }

    /// Whether arithmetic on it cannot overflow and lists of it have an end: years of audio at most.
    private var isSound: Bool {
        var segments: UInt64 = 0
        var next: UInt64 = 0
        for epoch in epochs {
            guard (1...1 << 24).contains(epoch.segmentCount), epoch.firstMediaSequence >= next,
                epoch.firstMediaSequence <= 1 << 48, epoch.discontinuitySequence <= 1 << 48,
                (0...1 << 24).contains(epoch.lastSegmentSamples),
                !epoch.dates.isEmpty,
                epoch.dates.allSatisfy({ $0.segment <= 1 << 24 && (-(1 << 60)...1 << 60).contains($0.dateMicroseconds) }
                )
            else { return false }
            segments += epoch.segmentCount
            next = epoch.nextMediaSequence
            guard segments <= 1 << 24 else { return false }
        }
        guard renditions.count <= 100, renditions.allSatisfy(\.isSound), (0...1 << 40).contains(forgottenNowPlaying)
        else { return false }
        return keeping.byteCount >= 0 && keeping.byteCount <= 1 << 60
    }
}

extension RecordingIndex.Rendition {
    /// Whether it can be written into playlists and keys.
    fileprivate var isSound: Bool {
        (try? StoreKey.check(name)) != nil && !name.contains("/")
            && codecs.utf8.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "\"") }
    }
}

extension SegmentStore {
    /// The index of a stream's recording; nil when there is none.
    /// - Throws: an error that ``RecordingIndex/isDamage(_:)`` tells from a store that is away.
    public func index(of stream: String) async throws -> RecordingIndex? {
        try await get(SegmentKey.index(stream: stream)).map { try RecordingIndex(decoding: $0, of: stream) }
    }
}

extension RecordingIndex {
    /// Whether trying again is of no use, since what is stored cannot be read.
    public static func isDamage(_ error: any Error) -> Bool {
        if case SegmentStoreError.damaged = error { return true }
        return error is CodingFailure
    }
}
