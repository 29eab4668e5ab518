import NIOCore
import SegmentStore

/// The store's indices as versions: read again when somebody asks and the last look is a while ago, decoded only when
/// they have changed.
final class RecordingIndices: Sendable {
    struct Version: Sendable {
        let index: RecordingIndex
        fileprivate let bytes: ByteBuffer

        func isSame(as other: Version) -> Bool { bytes == other.bytes }
    }

    private struct NoIndex: Error {}

    private let store: any SegmentStore
    private let work: LongWork
    private let versions = SharedValues<String, Version>(budget: 32 << 20)

    init(store: any SegmentStore, work: LongWork) {
        self.store = store
        self.work = work
    }

    /// How old the last look may be. What the store says of a stream on the air changes once a segment.
    static func freshness(_ index: RecordingIndex) -> Duration { index.isComplete ? .seconds(2) : .milliseconds(500) }

    /// nil where nothing is stored, or no longer.
    func version(_ stream: String) async throws -> Version? {
        do {
            let version = try await versions.value(stream) { [store, work] old in
                guard let bytes = try await store.get(SegmentKey.index(stream: stream)) else { throw NoIndex() }
                var version = old
                if old?.bytes != bytes {
                    let index = try await work.decode { try RecordingIndex(decoding: bytes, of: stream) }
                    version = Version(index: index, bytes: bytes)
                }
                guard let version else { throw NoIndex() }
                // Decoded it takes about as much again, twice.
                return .init(
                    value: version, cost: bytes.readableBytes * 3, freshFor: Self.freshness(version.index))
            }
            return version.index.keeping.isRemoved ? nil : version
        } catch is NoIndex {
            return nil
        }
    }
}
