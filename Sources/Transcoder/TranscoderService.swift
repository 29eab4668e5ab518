public import AudioTimeline
public import Logging
public import MessageBus
public import SegmentStore
import Synchronization

/// The worker pool: takes offered streams while it has free slots. It owns what is stored, and keeps the rules for it.
public struct TranscoderService: Sendable {
    let bus: any MessageBus
    private let store: any SegmentStore
    private let ladder: Ladder
    private let slots: Int
    private let rules: RecordingRules
    private let worker: String
    private let metrics: TranscoderMetrics
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
        self.logger = logger
    }

    /// Works until cancelled. A lost bus is waited for.
    public func run() async throws {
        let threads = CodecThreads()
        let places = Slots(count: slots)
        let keeper = RecordingKeeper(
            store: store, bus: bus, rules: rules, metrics: metrics.recordings, logger: logger)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await keeper.run() }
            group.addTask { try await answerReplays(keeper) }
            var pauses = Backoff()
            while !Task.isCancelled {
                try await places.waitForRoom()
                do {
                    try await bus.declareQueue(Topology.transcodeJobs, Topology.transcodeJobsOptions)
                    // Consuming ends while all slots are taken, so that offers go to workers that have room.
                    let consumer = try await bus.consume(Topology.transcodeJobs, prefetch: 16)
                    pauses = Backoff()
                    while places.hasRoom, let offer = try await consumer.next() {
                        take(offer, from: consumer, places: places, threads: threads, group: &group)
                    }
                    await consumer.close()
                } catch let error as BusError where error.isTransient {
                    let pause = pauses.next()
                    logger.warning(
                        "Offers lost; trying again", metadata: ["reason": "\(error)", "retry.after": "\(pause)"])
                    try await Task.sleep(for: pause)
                }
            }
        }
    }

    private func take(
        _ offer: Delivery, from consumer: any QueueConsumer, places: Slots, threads: CodecThreads,
        group: inout ThrowingDiscardingTaskGroup<any Error>
    ) {
        guard let job = try? TranscodeJob(decoding: offer.payload) else {
            logger.error("Offer set aside: it cannot be read")
            return consumer.reject(offer.tag, requeue: false)
        }
        guard places.take(job.stream) else {
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
            metrics: metrics,
            logger: logger)
        group.addTask { [logger] in
            do {
                try await stream.run()
            } catch is CancellationError {
                logger.debug("Stream given up: shutting down")
            } catch let error as BusError where error.isTransient {
                // Ingest offers it again as soon as there is a bus.
                logger.warning("Stream given up: the bus is away", metadata: ["reason": "\(error)"])
            } catch {
                logger.error("Stream given up", metadata: ["reason": "\(error)"])
            }
            places.give(back: job.stream)
        }
    }
}

/// The streams that are taken, and how many more may be.
private final class Slots: Sendable {
    private struct State {
        var taken: Set<String> = []
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let count: Int
    private let state = Mutex(State())

    init(count: Int) { self.count = max(1, count) }

    var hasRoom: Bool { state.withLock { $0.taken.count < count } }

    /// Waits until a slot is free.
    func waitForRoom() async throws {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state in
                    if state.taken.count < count || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isFree { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
        try Task.checkCancellation()
    }

    /// - Returns: whether the slot was taken; not when this process has the stream already.
    func take(_ stream: String) -> Bool {
        state.withLock { $0.taken.count < count && $0.taken.insert(stream).inserted }
    }

    func give(back stream: String) {
        _ = state.withLock { $0.taken.remove(stream) }
        wake()
    }

    private func wake() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
