public import AudioTimeline
public import Logging
public import MessageBus
public import SegmentStore
public import Telemetry

/// The worker pool: takes offered streams while it has free slots. It owns what is stored, and keeps the rules for it.
public struct TranscoderService: Sendable {
    let bus: any MessageBus
    private let store: any SegmentStore
    private let ladder: Ladder
    private let slots: Int
    private let rules: RecordingRules
    private let worker: String
    private let metrics: TranscoderMetrics
    private let late: LateStreams
    let logger: Logger

    /// - Parameters:
    ///   - slots: streams that are taken at the same time, standbys included.
    ///   - rules: what becomes of recordings; the same in all processes on one store.
    ///   - worker: names this process in fences; no two processes may have the same.
    public init(
        bus: any MessageBus, store: any SegmentStore, ladder: Ladder, slots: Int,
        rules: RecordingRules = RecordingRules(), worker: String,
        metrics: TranscoderMetrics, logger: Logger
    ) {
        self.bus = bus
        self.store = store
        self.ladder = ladder
        self.slots = slots
        self.rules = rules
        self.worker = worker
        self.metrics = metrics
        late = LateStreams(metrics)
        self.logger = logger
    }

    /// Whether workers keep up, for `/readyz`. Late is not failed: nobody else may be there to do it.
    public var lateness: HealthState { late.health }

    /// Works until cancelled. A lost bus is waited for.
    public func run() async throws {
        let threads = CodecThreads()
        let places = Slots(count: slots)
        let keeper = RecordingKeeper(
            store: store, bus: bus, rules: rules, metrics: metrics.recordings, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await keeper.run() }
            group.addTask { try await answerReplays(keeper) }
            for areStandbys in [false, true] {
                group.addTask { try await takeOffers(areStandbys: areStandbys, places: places, threads: threads) }
            }
            try await group.waitForAll()
        }
    }

    private func takeOffers(areStandbys: Bool, places: Slots, threads: CodecThreads) async throws {
        let queue = areStandbys ? Topology.transcodeStandbys : Topology.transcodeJobs
        try await withThrowingDiscardingTaskGroup { group in
            var pauses = Backoff()
            while !Task.isCancelled {
                try await places.waitForRoom(orStandby: !areStandbys)
                do {
                    try await bus.declareQueue(queue, Topology.transcodeJobsOptions)
                    // Consuming ends while all slots are taken, so that offers go to workers that have room.
                    let consumer = try await bus.consume(queue, prefetch: 16)
                    pauses = Backoff()
                    while areStandbys ? places.hasRoom : places.canMakeRoom, let offer = try await consumer.next() {
                        await take(
                            offer, isStandby: areStandbys, from: consumer, places: places, threads: threads,
                            group: &group)
                    }
                    await consumer.close()
                } catch let error as BusError where error.passesWhenDeclaredAnew {
                    let pause = pauses.next()
                    logger.log(
                        level: error.isOutage ? .debug : .warning, "Offers lost; trying again",
                        metadata: ["reason": "\(error)", "retry.after": "\(pause)"])
                    try await Task.sleep(for: pause)
                }
            }
        }
    }

    private func take(
        _ offer: Delivery, isStandby: Bool, from consumer: any QueueConsumer, places: Slots, threads: CodecThreads,
        group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async {
        guard let job = try? TranscodeJob(decoding: offer.payload) else {
            logger.error("Offer set aside: it cannot be read")
            return consumer.reject(offer.tag, requeue: false)
        }
        if !isStandby { await places.makeRoom(for: job.stream) }
        guard places.take(job.stream, isStandby: isStandby) else {
            // Another worker may want it; not at once, or it would come straight back.
            group.addTask {
                try? await Task.sleep(for: .milliseconds(100))
                consumer.reject(offer.tag, requeue: true)
            }
            return
        }
        consumer.acknowledge(offer.tag)
        var logger = logger
        logger[metadataKey: "stream"] = "\(job.stream)"
        logger[metadataKey: "channel"] = "\(job.channel)"
        let stream = StreamWorker(
            job: job, bus: bus, store: store, rules: rules, ladder: ladder, threads: threads, worker: worker,
            metrics: metrics, late: late, logger: logger, becomesActive: { places.becomesActive(job.stream) })
        group.addTask { [logger] in
            let work = Task { try await stream.run() }
            places.runs(job.stream) { work.cancel() }
            let result = await withTaskCancellationHandler {
                await work.result
            } onCancel: {
                work.cancel()
            }
            late.keepsUp(job.stream)
            let wasGivenUp = places.give(back: job.stream)
            do {
                try result.get()
            } catch is CancellationError {
                if wasGivenUp {
                    logger.info("No longer standing by: a stream without a worker needs the slot")
                } else {
                    logger.debug("Stream given up: shutting down")
                }
            } catch let error as BusError where error.isTransient {
                // Ingest offers it again as soon as there is a bus.
                logger.log(
                    level: error.isOutage ? .debug : .warning, "Stream given up: the bus is away",
                    metadata: ["reason": "\(error)"])
            } catch {
                logger.error("Stream given up", metadata: ["reason": "\(error)"])
            }
        }
    }
}
