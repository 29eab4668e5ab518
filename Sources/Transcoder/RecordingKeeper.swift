import Foundation
import Logging
import MessageBus
import NIOCore
import SegmentStore
import Telemetry

/// Applies the rules for recordings to the store, and watches its disk.
///
/// It may run in several processes at once. Whatever it does is done in steps of which each may be repeated: a removal
/// is noted in the index, then told, then carried out, the index last; and one that stopped half-way goes on when the
/// next one looks.
actor RecordingKeeper {
    private let store: any SegmentStore
    private let announcer: RecordingAnnouncer
    private let rules: RecordingRules
    private let metrics: RecordingMetrics
    private let logger: Logger
    /// Microseconds since 1970.
    private let now: @Sendable () -> Int64

    /// Complete recordings, which do not change any more.
    private var known: [String: StoredRecording] = [:]
    private var unreadable: Set<String> = []
    private var isDiskNearlyFull = false

    private static let warningRatio = 0.8
    /// What lies without an index for so long belongs to nothing.
    private static let orphanSeconds: Int64 = 24 * 3600

    init(
        store: any SegmentStore, bus: any MessageBus, rules: RecordingRules, metrics: RecordingMetrics, logger: Logger,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000_000) }
    ) {
        self.store = store
        announcer = RecordingAnnouncer(bus: bus)
        self.rules = rules
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// Works until cancelled.
    func run() async {
        var isFailing = false
        while !Task.isCancelled {
            do {
                try await sweep()
                isFailing = false
            } catch is CancellationError {
                return
            } catch {
                if !isFailing {
                    logger.warning("Rules for recordings not applied", metadata: ["reason": "\(error)"])
                }
                isFailing = true
            }
            try? await Task.sleep(for: rules.interval)
        }
    }

    /// Tells of every recording again, for a service that lost what it knew.
    func replay() async throws {
        for stream in try await store.streams() {
            guard let index = try await index(stream), index.isComplete, index.keeping.isAnnounced,
                !index.keeping.isRemoved
            else { continue }
            try await announcer.completed(index)
        }
    }

    /// Once over everything.
    func sweep() async throws {
        // The disk first: it is looked at also when listing fails.
        try await watchDisk()
        var recordings: [StoredRecording] = []
        let streams = try await store.streams()
        let present = Set(streams)
        known = known.filter { present.contains($0.key) }
        for stream in streams {
            if let recording = known[stream] {
                recordings.append(recording)
            } else if let recording = try await look(at: stream) {
                recordings.append(recording)
            }
        }
        metrics.bytes.set(Int(recordings.byteCount))
        let plan = RetentionPlan(recordings, rules: rules, now: now())
        for recording in plan.abandoned { try await complete(recording) }
        for removal in plan.removals { try await remove(removal) }
    }

    private func look(at stream: String) async throws -> StoredRecording? {
        guard let index = try await index(stream) else { return nil }
        var recording = StoredRecording(index)
        if index.isComplete, index.keeping.isToBeAnnounced {
            try await announcer.completed(index)
            try await note(in: stream) { $0.isAnnounced = true }
            recording.isAnnounced = true
        }
        if recording.isComplete, !recording.isRemoved { known[stream] = recording }
        return recording
    }

    private func index(_ stream: String) async throws -> RecordingIndex? {
        do {
            if let index = try await store.index(of: stream) { return index }
        } catch let error where RecordingIndex.isDamage(error) {
            // Kept: what cannot be read now may be by a newer version.
            if unreadable.insert(stream).inserted {
                logger.error(
                    "The index of a recording cannot be read; the recording is left as it is",
                    metadata: ["stream": "\(stream)", "reason": "\(error)"])
            }
            return nil
        }
        try await removeOrphans(stream)
        return nil
    }

    /// Nothing goes while anything of the stream is young: a stream on the air may be without its index for a while.
    private func removeOrphans(_ stream: String) async throws {
        let limit = now() / 1_000_000 - Self.orphanSeconds
        let page = 1000
        var last: String?
        repeat {
            let objects = try await store.objects(under: stream, after: last, limit: page)
            // What belongs to an index that was damaged may be all that is left of a recording.
            let isOld = objects.allSatisfy { $0.modifiedAt < limit && !SegmentKey.isSetAside($0.key) }
            guard isOld else { return }
            if objects.isEmpty, last == nil { return }
            last = objects.count < page ? nil : objects.last?.key
        } while last != nil
        try await store.remove(under: stream)
        logger.notice("Objects without an index removed", metadata: ["stream": "\(stream)"])
    }

    private func complete(_ recording: StoredRecording) async throws {
        logger.notice("Recording completed that nobody went on with", metadata: ["stream": "\(recording.stream)"])
        try await change(recording.stream) { $0.isComplete = true }
    }

    private func remove(_ removal: RetentionPlan.Removal) async throws {
        let recording = removal.recording
        try await note(in: recording.stream) { $0.isRemoved = true }
        if recording.isRecorded, !recording.channelID.isEmpty {
            try await announcer.removed(stream: recording.stream, channelID: recording.channelID)
        }
        try await store.remove(under: recording.stream)
        known[recording.stream] = nil
        metrics.removed.increment()
        logger.info(
            "Recording removed",
            metadata: [
                "stream": "\(recording.stream)", "channel.id": "\(recording.channelID)",
                "bytes": "\(recording.byteCount)", "reason": "\(removal.reason.rawValue)",
            ])
    }

    private func note(in stream: String, _ body: (inout RecordingIndex.Keeping) -> Void) async throws {
        try await change(stream) { body(&$0.keeping) }
    }

    /// Does nothing where another process has removed it meanwhile.
    private func change(_ stream: String, _ body: (inout RecordingIndex) -> Void) async throws {
        let key = SegmentKey.index(stream: stream)
        guard var index = try await store.index(of: stream) else { return }
        body(&index)
        try await store.put(try index.encoded(), at: key)
    }

    private func watchDisk() async throws {
        guard let disk = try await store.disk() else { return }
        metrics.diskUsedRatio.set(disk.usedRatio)
        let isNearlyFull = disk.usedRatio >= Self.warningRatio
        if isNearlyFull, !isDiskNearlyFull {
            logger.warning(
                "The disk of the store is nearly full: remove recordings, set --recording-quota, or give it more",
                metadata: [
                    "used.percent": "\(Int(disk.usedRatio * 100))", "available.bytes": "\(disk.availableBytes)",
                ])
        }
        isDiskNearlyFull = isNearlyFull
    }
}

extension StoredRecording {
    init(_ index: RecordingIndex) {
        self.init(
            stream: index.stream, channelID: index.keeping.channelID, byteCount: index.keeping.byteCount,
            start: index.startMicroseconds, end: index.endMicroseconds, isComplete: index.isComplete,
            isRecorded: index.keeping.isRecorded, isAnnounced: index.keeping.isAnnounced,
            isRemoved: index.keeping.isRemoved)
    }
}
