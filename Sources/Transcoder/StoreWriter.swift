import AudioTimeline
import Logging
import MessageBus
import NIOCore
import SegmentStore
import Telemetry

/// Stores finished segments: the concatenation of their parts as announced, never encoded again.
///
/// It reads the log like everybody else, so what could not be stored during an outage waits there.
struct StoreWriter: Sendable {
    let stream: String
    let bus: any MessageBus
    let store: any SegmentStore
    let metrics: TranscoderMetrics
    let logger: Logger

    /// Returns when the stream is over and its index complete.
    func run() async throws {
        var index = try await index()
        var filter = MediaLogFilter()
        var open = OpenSegment()
        var silentSegments: UInt64 = 0
        var initializedEpoch: UInt32?
        let reader = try await bus.read(Topology.media(stream), from: .first)
        while let reading = try await reader.next() {
            guard case .entry(let logged) = reading, let entry = try? MediaLogEntry(decoding: logged.payload) else {
                // A damaged entry is logged by the worker, which reads the same log.
                continue
            }
            switch filter.accept(entry) {
            case .bundle(let bundle):
                for segment in open.add(bundle) {
                    silentSegments = segment.isSilent ? silentSegments + 1 : 0
                    var updated = index ?? RecordingIndex(stream: stream, renditions: segment.renditions)
                    guard updated.epochs.isEmpty || segment.mediaSequence >= updated.nextMediaSequence else { continue }
                    // Its bytes never change within an epoch, though every segment's first bundle repeats them.
                    if segment.epoch != initializedEpoch { try await storeInitializations(of: segment) }
                    initializedEpoch = segment.epoch
                    try await storeMedia(of: segment)
                    updated.add(segment)
                    index = updated
                    try await put(updated)
                }
            case .end:
                if var final = index {
                    final.complete(withoutSilentSegments: silentSegments)
                    try await put(final)
                }
                return
            case .fence, nil: continue
            }
        }
    }

    /// What is stored so far. A damaged index is set aside: the recording begins anew rather than never.
    private func index() async throws -> RecordingIndex? {
        let bytes = try await persistently("read the index") {
            try await store.get(SegmentKey.index(stream: stream))
        }
        do {
            return try bytes.map { try RecordingIndex(decoding: $0) }
        } catch {
            logger.error("Index set aside", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func storeInitializations(of segment: FinishedSegment) async throws {
        for (rendition, initialization) in segment.initializations {
            let name = SegmentKey.initialization(epoch: segment.epoch)
            try await put(initialization, rendition: rendition, name: name)
        }
    }

    private func storeMedia(of segment: FinishedSegment) async throws {
        for (rendition, bytes) in segment.media {
            let name = SegmentKey.segment(epoch: segment.epoch, mediaSequence: segment.mediaSequence)
            try await put(bytes, rendition: rendition, name: name)
        }
        metrics.storedSegments.increment()
    }

    private func put(_ bytes: ByteBuffer, rendition: String, name: String) async throws {
        let key = SegmentKey.object(stream: stream, rendition: rendition, name: name)
        try await persistently("store a segment") { try await store.put(bytes, at: key) }
    }

    private func put(_ index: RecordingIndex) async throws {
        let bytes = try index.encoded()
        try await persistently("store the index") {
            try await store.put(bytes, at: SegmentKey.index(stream: stream))
        }
    }

    /// Tries until it works: live playback does not wait for the store, and the log keeps what is still to be stored.
    private func persistently<Value: Sendable>(
        _ what: String, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        var pause = Duration.milliseconds(100)
        while true {
            do {
                return try await body()
            } catch let error as SegmentStoreError where error.isForGood {
                throw error
            } catch let error where !(error is CancellationError) {
                metrics.storeFailures.increment()
                logger.warning(
                    "The store refused; trying again", metadata: ["action": "\(what)", "reason": "\(error)"])
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }
}

extension SegmentStoreError {
    /// Whether trying again is of no use.
    fileprivate var isForGood: Bool {
        if case .invalidKey = self { true } else { false }
    }
}

extension RecordingIndex {
    /// The date is written again where it has moved from what arithmetic gives, once a minute at most.
    private static let segmentsBetweenDates: UInt64 = 32

    fileprivate mutating func add(_ segment: FinishedSegment) {
        let follows =
            epochs.last.map { $0.number == segment.epoch && $0.nextMediaSequence == segment.mediaSequence } ?? false
        if !follows {
            epochs.append(
                Epoch(
                    number: segment.epoch, firstMediaSequence: segment.mediaSequence,
                    discontinuitySequence: segment.discontinuitySequence, segmentCount: 0, lastSegmentSamples: 0,
                    dates: [DateCorrection(segment: 0, dateMicroseconds: segment.dateMicroseconds)]))
        }
        var epoch = epochs.removeLast()
        let number = epoch.segmentCount
        if let last = epoch.dates.last, number - last.segment >= Self.segmentsBetweenDates,
            epoch.dateMicroseconds(ofSegment: number) != segment.dateMicroseconds
        {
            epoch.dates.append(DateCorrection(segment: number, dateMicroseconds: segment.dateMicroseconds))
        }
        epoch.segmentCount += 1
        epoch.lastSegmentSamples = segment.durationSamples
        epochs.append(epoch)
        for change in segment.nowPlaying {
            let isNews = nowPlaying.last.map { $0.title != change.title || $0.artist != change.artist } ?? true
            if isNews { nowPlaying.append(change) }
        }
    }

    /// The recording ends with the last segment that has source audio: silence that waited for the encoder to come
    /// back is nothing to keep.
    fileprivate mutating func complete(withoutSilentSegments silent: UInt64) {
        isComplete = true
        guard let last = epochs.last, silent > 0, silent < last.segmentCount else { return }
        epochs[epochs.count - 1].segmentCount -= silent
        epochs[epochs.count - 1].lastSegmentSamples = Timeline.segmentSamples
    }
}
