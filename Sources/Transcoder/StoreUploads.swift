import Logging
import NIOCore
import SegmentStore
import Telemetry

/// Reads and writes of one stream that are tried until they work: live playback does not wait for the store, and the
/// log keeps what is still to be stored.
///
/// Whoever watches the store tells of its outages.
struct StoreUploads: Sendable {
    let store: any SegmentStore
    let metrics: TranscoderMetrics
    let logger: Logger

    /// Renditions of a segment that are written at once.
    private static let maximumParallel = 4
    private static let longestPause = Duration.seconds(5)

    /// Returns when all of them are stored.
    func put(_ objects: [(key: String, bytes: ByteBuffer)]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, object) in objects.enumerated() {
                if number >= Self.maximumParallel { try await group.next() }
                group.addTask { [self] in
                    try await persistently { [store] in try await store.put(object.bytes, at: object.key) }
                }
            }
            try await group.waitForAll()
        }
    }

    func get(_ key: String) async throws -> ByteBuffer? {
        try await persistently { [store] in try await store.get(key) }
    }

    /// - Returns: the key that it has now.
    func setAside(_ key: String) async throws -> String {
        try await persistently { [store] in try await store.setAside(key) }
    }

    func remove(_ keys: [String]) async throws {
        try await persistently { [store] in try await store.remove(keys) }
    }

    private func persistently<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        var pause = Duration.milliseconds(100)
        while true {
            do {
                return try await body()
            } catch let error as SegmentStoreError where !error.isOutage {
                // Trying again is of no use.
                throw error
            } catch let error where !(error is CancellationError) {
                metrics.storeFailures.increment()
                logger.debug("The store refused; the recording waits in the log", metadata: ["reason": "\(error)"])
                try await Task.sleep(for: pause)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }
}
