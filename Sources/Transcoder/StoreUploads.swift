import Logging
import NIOCore
import SegmentStore
import Synchronization
import Telemetry

/// Reads and writes of one stream that are tried until they work: live playback does not wait for the store, and the
/// log keeps what is still to be stored.
///
/// An outage is logged when it begins and when it is over, however many tries it takes.
final class StoreUploads: Sendable {
    private let store: any SegmentStore
    private let metrics: TranscoderMetrics
    private let logger: Logger
    private let isFailing = Mutex(false)

    /// Renditions of a segment that are written at once.
    private static let maximumParallel = 4
    private static let longestPause = Duration.seconds(5)

    init(store: any SegmentStore, metrics: TranscoderMetrics, logger: Logger) {
        self.store = store
        self.metrics = metrics
        self.logger = logger
    }

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
        // Not earlier: on a disk that is nearly full some fit.
        succeeded()
    }

    func get(_ key: String) async throws -> ByteBuffer? {
        let bytes = try await persistently { [store] in try await store.get(key) }
        succeeded()
        return bytes
    }

    /// - Returns: the key that it has now.
    func setAside(_ key: String) async throws -> String {
        let other = try await persistently { [store] in try await store.setAside(key) }
        succeeded()
        return other
    }

    func remove(_ keys: [String]) async throws {
        try await persistently { [store] in try await store.remove(keys) }
        succeeded()
    }

    private func persistently<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        var pause = Duration.milliseconds(100)
        while true {
            do {
                return try await body()
            } catch let error as SegmentStoreError where error.isForGood {
                throw error
            } catch let error where !(error is CancellationError) {
                failed(error)
                try await Task.sleep(for: pause)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    private func failed(_ error: any Error) {
        metrics.storeFailures.increment()
        let isNews = isFailing.withLock { isFailing in
            defer { isFailing = true }
            return !isFailing
        }
        if isNews {
            logger.warning(
                "The store refused; the recording waits in the log, live playback goes on",
                metadata: ["reason": "\(error)"])
        } else {
            logger.debug("The store refused again", metadata: ["reason": "\(error)"])
        }
    }

    private func succeeded() {
        let isNews = isFailing.withLock { isFailing in
            defer { isFailing = false }
            return isFailing
        }
        if isNews { logger.notice("The store takes segments again") }
    }
}

extension SegmentStoreError {
    /// Whether trying again is of no use.
    fileprivate var isForGood: Bool {
        switch self {
        case .invalidKey, .damaged: true
        default: false
        }
    }
}
