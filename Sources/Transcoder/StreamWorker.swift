import AudioTimeline
import Logging
import MessageBus
import NIOCore
import SegmentStore
import Telemetry

/// Works on one stream as long as it has the say: from the queue `source.<stream>` to the log `media.<stream>`.
struct StreamWorker: Sendable {
    let job: TranscodeJob
    let bus: any MessageBus
    let store: any SegmentStore
    let rules: RecordingRules
    let ladder: Ladder
    let threads: CodecThreads
    let worker: String
    let metrics: TranscoderMetrics
    let late: LateStreams
    let logger: Logger
    /// Called when it is this worker's turn; false when the worker has to go instead.
    var becomesActive: @Sendable () -> Bool = { true }

    /// Prefetch far above the pre-roll: it must never be what holds delivery up.
    private static let prefetch = 2_000
    /// Of every stream; a later one goes on with what is stored.
    private static let firstEpoch: UInt32 = 1
    /// Until a successor has brought its listeners up to date.
    private static let storePause = Duration.seconds(1)
    /// Before a worker that has just begun is judged: where all are slow, a stream would only be passed round.
    private static let trial = Duration.seconds(20)

    /// Returns when the stream is over, or when another worker has taken over.
    func run() async throws {
        let consumer = try await bus.consume(Topology.source(job.stream), prefetch: Self.prefetch)
        do {
            try await work(consumer)
        } catch BusError.noSuchQueue, BusError.noSuchLog {
            // Ingest removed the stream; nothing is left to do.
        } catch {
            await consumer.close()
            throw error
        }
        await consumer.close()
    }

    private func work(_ consumer: any QueueConsumer) async throws {
        guard let turn = try await takeTurn(consumer) else { return }
        let generation = turn.generation
        var continuation = try await continuation(turn)
        if continuation.epoch != nil {
            await threads.warmUpBegan()
            // Until all are known that lost their worker in the same moment.
            try? await Task.sleep(for: .milliseconds(10))
            continuation.warmUpFrames = await threads.warmUpFrames
            continuation.warmsUpSideBySide = await threads.areIdle
        }
        let (thread, number) = await threads.pin()
        defer { Task { await threads.unpin(number) } }
        metrics.activeStreams.increment()
        defer { metrics.activeStreams.decrement() }
        let writer = StoreWriter(
            stream: job.stream, generation: generation,
            keeping: RecordingIndex.Keeping(channelID: job.channelID, isRecorded: job.isRecorded),
            windowSamples: rules.windowSamples, bus: bus,
            uploads: StoreUploads(store: store, metrics: metrics, logger: logger), metrics: metrics, logger: logger)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [continuation] in
                if continuation.epoch != nil {
                    // It reads the whole log. The store can wait, listeners cannot.
                    try? await Task.sleep(for: Self.storePause)
                    await threads.warmUpEnded()
                }
                try await writer.run()
                return false
            }
            group.addTask { [continuation] in
                try await transcode(
                    from: turn.first, of: consumer, generation: generation, continuation: continuation, thread: thread)
            }
            // The writer only ends with the stream. When the worker ends without that, another has the say.
            while let hasLostSay = try await group.next() {
                if hasLostSay { group.cancelAll() }
            }
        }
    }

    /// - Returns: whether the stream goes on without this worker.
    private func transcode(
        from first: Delivery, of consumer: any QueueConsumer, generation: UInt32, continuation: Continuation,
        thread: CodecThread
    ) async throws -> Bool {
        let transcoder = StreamTranscoder(ladder: ladder, continuation: continuation, thread: thread)
        logger.info("Stream taken", metadata: ["generation": "\(generation)", "next.slot": "\(continuation.nextSlot)"])
        if continuation.isNextSlotPoisoned {
            logger.error("Workers died of the next slot of the source: it is taken as silence")
        }
        var acknowledgement = PreRollAcknowledgement()
        var lateness = Lateness()
        let beganAt = ContinuousClock.now
        var delivery: Delivery? = first
        while let current = delivery {
            let hasEnded = try await handle(
                current, generation: generation, transcoder: transcoder, acknowledgement: &acknowledgement,
                consumer: consumer)
            if hasEnded {
                try await bus.append(
                    MediaLogEntry.end(generation: generation).encoded(), to: Topology.media(job.stream))
                consumer.acknowledge(through: current.tag)
                logger.info("Stream over")
                return false
            }
            if lateness.fallsBehind(waiting: consumer.waitingCount, at: .now) {
                if try await mayHandOver(since: beganAt) {
                    logger.warning(
                        "Parts come late: handing the stream over to the worker that stands by",
                        metadata: ["seconds": "\(Int(lateness.seconds))"])
                    return true
                }
                if late.fallsBehind(job.stream, bySeconds: lateness.seconds) {
                    logger.warning(
                        "Parts come late, and no other worker can do it: start another transcoder",
                        metadata: ["seconds": "\(Int(lateness.seconds))"])
                }
            } else if lateness.seconds < Lateness.limit, late.keepsUp(job.stream) {
                logger.notice("Parts come in time again")
            }
            delivery = try await consumer.next()
        }
        return true
    }

    private func mayHandOver(since beganAt: ContinuousClock.Instant) async throws -> Bool {
        guard ContinuousClock.now - beganAt >= Self.trial, late.mayHandOver(at: .now) else { return false }
        let source = try await bus.declareQueue(Topology.source(job.stream), Topology.sourceOptions)
        return source.consumers > 1
    }

    private func handle(
        _ delivery: Delivery, generation: UInt32, transcoder: StreamTranscoder,
        acknowledgement: inout PreRollAcknowledgement, consumer: any QueueConsumer
    ) async throws -> Bool {
        let batch: SourceBatch
        do {
            batch = try SourceBatch(decoding: delivery.payload)
        } catch WireError.unknownVersion(let version) {
            // A newer worker can read it: it comes again there.
            throw WireError.unknownVersion(version)
        } catch {
            logger.error("Batch set aside", metadata: ["reason": "\(error)"])
            consumer.reject(delivery.tag, requeue: false)
            return false
        }
        let outcome = try await transcoder.transcode(batch, isNewest: consumer.waitingCount == 0)
        for var bundle in outcome.bundles {
            bundle.generation = generation
            try await bus.append(MediaLogEntry.bundle(bundle).encoded(), to: Topology.media(job.stream))
            metrics.bundles.increment()
            acknowledgement.delivered(epoch: bundle.epoch, until: bundle.position + Int64(bundle.durationSamples))
        }
        if outcome.brokenPackets > 0 {
            metrics.brokenPackets.increment(by: outcome.brokenPackets)
            logger.debug("Packets that could not be decoded", metadata: ["count": "\(outcome.brokenPackets)"])
        }
        if let silent = outcome.silentLeg {
            metrics.silentLegs.increment()
            logger.warning(
                "Nothing of the source can be decoded: it is heard as silence",
                metadata: ["leg": "\(silent.number)", "codec": "\(silent.codec)", "reason": "\(silent.reason)"])
        }
        acknowledgement.received(
            delivery.tag, epoch: outcome.epoch, until: outcome.endPosition, preRoll: outcome.preRoll)
        if let tag = acknowledgement.settled() { consumer.acknowledge(through: tag) }
        return outcome.hasEnded
    }

    private struct Turn {
        /// What the source goes on with.
        var first: Delivery
        var generation: UInt32
        /// What the log said before.
        var log: MediaLogState
    }

    private enum TurnPart {
        case fence(first: Delivery, generation: UInt32)
        case log(MediaLogState)
        case lost
    }

    /// Waits until this worker is the single active consumer, which a standby may do for hours, and writes a fence.
    /// - Returns: nil when another worker's fence came first.
    private func takeTurn(_ consumer: any QueueConsumer) async throws -> Turn? {
        let reader = try await bus.read(Topology.media(job.stream), from: .first)
        let follower = LogFollower(worker: worker, logger: logger)
        do {
            let turn = try await withThrowingTaskGroup(of: TurnPart.self, returning: Turn?.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await follower.read(reader).map(TurnPart.log) ?? .lost }
                group.addTask { try await fence(consumer, follower) }
                var taken: (first: Delivery, generation: UInt32)?
                var before: MediaLogState?
                for try await part in group {
                    switch part {
                    case .fence(let first, let generation): taken = (first, generation)
                    case .log(let log): before = log
                    case .lost: return nil
                    }
                }
                guard let taken, let before else { return nil }
                return Turn(first: taken.first, generation: taken.generation, log: before)
            }
            await reader.close()
            return turn
        } catch {
            await reader.close()
            throw error
        }
    }

    private func fence(_ consumer: any QueueConsumer, _ follower: LogFollower) async throws -> TurnPart {
        guard let first = try await consumer.next() else { return .lost }
        guard becomesActive() else { throw CancellationError() }
        let generation = try await follower.nextFence()
        try await bus.append(
            MediaLogEntry.fence(generation: generation, worker: worker).encoded(), to: Topology.media(job.stream))
        return .fence(first: first, generation: generation)
    }

    private func continuation(_ turn: Turn) async throws -> Continuation {
        let state = turn.log
        var continuation: Continuation
        if let newest = state.filter.newest {
            continuation = Continuation(after: newest, nowPlaying: state.nowPlaying)
        } else if let batch = try? SourceBatch(decoding: turn.first.payload), batch.epoch != Self.firstEpoch {
            let end = StoredEnd(
                stream: job.stream, rendition: ladder.renditions.first?.name ?? "", store: store, logger: logger)
            continuation = try await end.continuation(before: batch)
        } else {
            // A new stream is not kept waiting by a store that is away.
            continuation = Continuation(nextMediaSequence: 0, discontinuitySequence: 0)
        }
        continuation.isNextSlotPoisoned = state.filter.isNextSlotPoisoned
        continuation.poisonedSlots = state.filter.poisonedSlots
        return continuation
    }
}
