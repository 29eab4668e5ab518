import AudioTimeline
import Logging
import NIOCore
import SegmentStore

/// Where a stream goes on whose log is empty: behind what the store has. Whatever is wrong with the store, it goes on.
struct StoredEnd: Sendable {
    let stream: String
    /// Any of the stream's renditions; all have the same names.
    let rendition: String
    let store: any SegmentStore
    let logger: Logger

    /// Listeners wait meanwhile.
    private static let patience = Duration.seconds(3)

    private struct NoAnswer: Error {}

    /// - Parameter batch: the first of the epoch that goes on.
    func continuation(before batch: SourceBatch) async throws -> Continuation {
        do {
            return try await withThrowingTaskGroup(of: Continuation.self) { tasks in
                tasks.addTask { try await behindStored(batch) }
                tasks.addTask {
                    try await Task.sleep(for: Self.patience)
                    throw NoAnswer()
                }
                defer { tasks.cancelAll() }
                return try await tasks.next() ?? behindAll(batch)
            }
        } catch {
            try Task.checkCancellation()
            let reason = error is NoAnswer ? "no answer in time" : "\(error)"
            logger.warning(
                "The store does not tell how far the stream was: it goes on at a number that follows from the time",
                metadata: ["reason": "\(reason)"])
            return behindAll(batch)
        }
    }

    private func behindStored(_ batch: SourceBatch) async throws -> Continuation {
        do {
            if let index = try await store.index(of: stream) {
                return Continuation(
                    nextMediaSequence: index.nextMediaSequence,
                    discontinuitySequence: (index.epochs.last?.discontinuitySequence ?? 0) + 1)
            }
        } catch let error where RecordingIndex.isDamage(error) {
            // The store's writer sets it aside.
            logger.debug("Index not read", metadata: ["reason": "\(error)"])
        }
        return try await behindObjects(batch)
    }

    /// The names of what is stored tell it as well, only more slowly.
    private func behindObjects(_ batch: SourceBatch) async throws -> Continuation {
        var next: UInt64 = 0
        var last: String?
        repeat {
            let page = try await store.objects(under: "\(stream)/\(rendition)", after: last, limit: 1000)
            for object in page {
                guard let name = object.key.split(separator: "/").last,
                    let position = SegmentKey.position(ofSegment: name), position.mediaSequence < 1 << 48
                else { continue }
                next = max(next, position.mediaSequence + 1)
            }
            last = page.count == 1000 ? page.last?.key : nil
        } while last != nil
        return Continuation(
            nextMediaSequence: next, discontinuitySequence: next == 0 ? 0 : Self.discontinuitySequence(batch))
    }

    /// Behind everything that can have been written until now, at a segment every 1.92 s since 1970.
    private func behindAll(_ batch: SourceBatch) -> Continuation {
        Continuation(
            nextMediaSequence: UInt64(max(0, batch.epochDateMicroseconds)) / 1_920_000,
            discontinuitySequence: Self.discontinuitySequence(batch))
    }

    /// No more epochs than their number can have come before.
    private static func discontinuitySequence(_ batch: SourceBatch) -> UInt64 { UInt64(max(1, batch.epoch)) - 1 }
}
