import AudioTimeline
import Logging
import MessageBus
import NIOCore
import SegmentStore
import Telemetry

/// Stores finished segments: the concatenation of their parts as announced, never encoded again.
///
/// It reads the log like everybody else, so what could not be stored during an outage waits there; nothing but the
/// segment in hand is kept here. What the log forgot meanwhile is lost: said once, and left out of the index.
///
/// Two writers do no harm to one another. The bytes under a name follow from the log, so both write the same; the index
/// only ever grows, since each looks at what is there before it writes; and whoever reads another worker's fence stops.
struct StoreWriter: Sendable {
    let stream: String
    /// The fence that gave this worker the say.
    let generation: UInt32
    let keeping: RecordingIndex.Keeping
    /// How much of a stream that is not kept is stored, in samples.
    let windowSamples: Int64
    let bus: any MessageBus
    let uploads: StoreUploads
    let metrics: TranscoderMetrics
    let logger: Logger

    /// Returns when the stream is over and its index complete, or when another worker has the say.
    func run() async throws {
        let reader = try await bus.read(Topology.media(stream), from: .first)
        do {
            try await store(from: reader)
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
    }

    private func store(from reader: any LogReader) async throws {
        let stored = try await storedIndex()
        var recording = Recording(index: stored.index, stream: stream, keeping: keeping, isNew: !stored.wasSetAside)
        var filter = MediaLogFilter()
        var open = OpenSegment()
        var newest: UInt64?
        while let reading = try await reader.next() {
            guard case .entry(let logged) = reading else {
                // A log that was made anew does not reach as far yet either.
                if let newest, recording.isBeyond(newest), try await !hasLastSegment(recording.index) {
                    try await setAside(&recording, because: "it tells of segments that never were")
                }
                continue
            }
            // A damaged entry is logged by the worker, which reads the same log.
            guard let entry = try? MediaLogEntry(decoding: logged.payload) else { continue }
            let counted = filter.accept(entry)
            guard filter.generation <= generation else { return }
            switch counted {
            case .bundle(let bundle):
                newest = bundle.mediaSequence
                for segment in open.add(bundle) { try await store(segment, in: &recording) }
            case .end:
                if recording.complete() { try await publish(&recording) }
                return try await announce(&recording)
            case .fence, nil: continue
            }
        }
    }

    private func store(_ segment: FinishedSegment, in recording: inout Recording) async throws {
        if !recording.hasRenditions(of: segment) {
            try await setAside(&recording, because: "it has other renditions than the stream")
        }
        guard let plan = recording.plan(for: segment) else { return }
        if plan.lostSegments > 0 {
            metrics.lostSegments.increment(by: Int(clamping: plan.lostSegments))
            logger.error(
                "Part of the recording is lost: the log no longer had it when the store took segments again",
                metadata: ["segments": "\(plan.lostSegments)", "next": "\(segment.mediaSequence)"])
        }
        // Segments first, then the index that names them.
        try await uploads.put(segment.objects(of: stream, withInitializations: plan.isNewEpoch))
        metrics.storedSegments.increment()
        let hadAllTitles = (recording.index?.forgottenNowPlaying ?? 0) == 0
        recording.add(segment)
        if hadAllTitles, let index = recording.index, index.forgottenNowPlaying > 0 {
            logger.notice(
                "The recording's oldest titles are forgotten", metadata: ["kept": "\(index.nowPlaying.count)"])
        }
        let forgotten = recording.trim(to: windowSamples)
        try await publish(&recording)
        if !forgotten.isEmpty { try await uploads.remove(forgotten) }
    }

    /// Tells that the recording is complete. What fails here is done by ``RecordingKeeper``, which finds it untold.
    private func announce(_ recording: inout Recording) async throws {
        guard let index = recording.index, index.isComplete, index.keeping.isToBeAnnounced else { return }
        do {
            try await RecordingAnnouncer(bus: bus).completed(index)
        } catch let error as BusError {
            return logger.log(
                level: error.isOutage ? .debug : .warning, "Recording not announced yet",
                metadata: ["reason": "\(error)"])
        }
        recording.announced()
        try await publish(&recording)
    }

    /// Writes the index unless another writer's, which is further, is there already.
    private func publish(_ recording: inout Recording) async throws {
        guard let own = recording.index else { return }
        if let stored = try await storedIndex().index, stored.isFurther(than: own), recording.mayAdopt(stored) {
            recording.adopt(stored)
            return
        }
        try await uploads.put([(SegmentKey.index(stream: stream), try own.encoded())])
    }

    /// Whether the store has the newest segment that the index names.
    private func hasLastSegment(_ index: RecordingIndex?) async throws -> Bool {
        guard let index, let epoch = index.epochs.last, let rendition = index.renditions.first else { return true }
        let name = SegmentKey.segment(epoch: epoch.number, mediaSequence: index.nextMediaSequence - 1)
        return try await uploads.get(SegmentKey.object(stream: stream, rendition: rendition.name, name: name)) != nil
    }

    /// What is stored so far. A damaged index is set aside: the recording begins anew rather than never.
    private func storedIndex() async throws -> (index: RecordingIndex?, wasSetAside: Bool) {
        do {
            let bytes = try await uploads.get(SegmentKey.index(stream: stream))
            return (try bytes.map { try RecordingIndex(decoding: $0, of: stream) }, false)
        } catch let error where RecordingIndex.isDamage(error) {
            try await setAsideIndex(because: "\(error)")
            return (nil, true)
        }
    }

    /// The recording begins anew: what the index told of is not known any more.
    private func setAside(_ recording: inout Recording, because reason: String) async throws {
        try await setAsideIndex(because: reason)
        recording = Recording(index: nil, stream: stream, keeping: keeping, isNew: false)
    }

    private func setAsideIndex(because reason: String) async throws {
        let name = try await uploads.setAside(SegmentKey.index(stream: stream))
        logger.warning(
            "A damaged index was set aside; the recording goes on in a new one",
            metadata: ["reason": "\(reason)", "set.aside.as": "\(name)"])
    }
}

extension FinishedSegment {
    /// - Parameter withInitializations: their bytes never change within an epoch, though every segment's first bundle
    ///   repeats them.
    fileprivate func objects(
        of stream: String, withInitializations: Bool
    ) -> [(key: String, bytes: ByteBuffer)] {
        let initialization = SegmentKey.initialization(epoch: epoch)
        let segment = SegmentKey.segment(epoch: epoch, mediaSequence: mediaSequence)
        let first = withInitializations ? initializations.map { ($0.rendition, initialization, $0.bytes) } : []
        return (first + media.map { ($0.rendition, segment, $0.bytes) }).map { rendition, name, bytes in
            (SegmentKey.object(stream: stream, rendition: rendition, name: name), bytes)
        }
    }
}
