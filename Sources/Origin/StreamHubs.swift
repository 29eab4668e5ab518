import AudioTimeline
import Logging
import MessageBus
import NIOCore
import Persistence
import SegmentStore
import Synchronization
import Telemetry

/// The streams that somebody asks for: only those are read.
final class StreamHubs: Sendable {
    private struct State {
        var hubs: [String: (hub: StreamHub, reader: Task<Void, Never>)] = [:]
        var isShutDown = false
    }

    private let bus: any MessageBus
    private let store: any SegmentStore
    private let settings: OriginSettings
    private let work: LongWork
    private let metrics: OriginMetrics
    private let logger: Logger
    private let state = Mutex(State())

    init(
        bus: any MessageBus, store: any SegmentStore, settings: OriginSettings, work: LongWork, metrics: OriginMetrics,
        logger: Logger
    ) {
        self.bus = bus
        self.store = store
        self.settings = settings
        self.work = work
        self.metrics = metrics
        self.logger = logger
    }

    /// The stream's hub; reading begins with the first call.
    func hub(_ stream: String) -> StreamHub? {
        state.withLock { state in
            if let entry = state.hubs[stream], !entry.hub.isClosed { return entry.hub }
            guard !state.isShutDown else { return nil }
            let hub = StreamHub(stream: stream, settings: settings)
            state.hubs[stream] = (hub, Task { await self.run(hub) })
            metrics.streams.set(state.hubs.count)
            return hub
        }
    }

    /// Paths may mean something else now.
    func revokeLeases() {
        let hubs = state.withLock { $0.hubs.values.map(\.hub) }
        for hub in hubs { hub.revokeLeases() }
    }

    /// How many streams are read, of how many of these nothing new was heard for too long, and for how long at most.
    func silence() -> (streams: Int, silent: Int, longest: Duration) {
        let hubs = state.withLock { $0.hubs.values.map(\.hub) }
        let silences = hubs.compactMap { $0.silence(now: .now()) }
        return (hubs.count, silences.count, silences.max() ?? .zero)
    }

    func shutDown() {
        let entries = state.withLock { state in
            state.isShutDown = true
            defer { state.hubs = [:] }
            return Array(state.hubs.values)
        }
        for entry in entries {
            entry.reader.cancel()
            entry.hub.close()
        }
    }

    /// Reads the stream's log until nobody asks for it any more.
    private func run(_ hub: StreamHub) async {
        let reading = Task { await read(into: hub) }
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(500))
            guard hub.expire(now: .now()) else { break }
        }
        reading.cancel()
        hub.close()
        state.withLock { state in
            if state.hubs[hub.stream]?.hub === hub { state.hubs[hub.stream] = nil }
            metrics.streams.set(state.hubs.count)
        }
    }

    private func read(into hub: StreamHub) async {
        defer { hub.unfollow() }
        let isComplete = await recall(hub)
        var filter = MediaLogFilter()
        var start = LogStart.first
        var hasUnreadable = false
        while !Task.isCancelled {
            do {
                let reader = try await bus.read(Topology.media(hub.stream), from: start)
                while let reading = try await reader.next() {
                    guard case .entry(let logged) = reading else {
                        hub.caughtUp()
                        continue
                    }
                    start = .after(logged)
                    do {
                        try accept(logged.payload, with: &filter, into: hub)
                    } catch  where !hasUnreadable {
                        // A newer worker would write five such a second.
                        hasUnreadable = true
                        logger.error(
                            "Entries of the log set aside, this one first; a newer version may write them",
                            metadata: ["stream": "\(hub.stream)", "reason": "\(error)"])
                    } catch {}
                }
            } catch is CancellationError {
                return
            } catch BusError.otherLog {
                // The broker has lost the one before. What comes again falls to the filter.
                start = .first
                filter.logWasMadeAnew()
                logger.notice(
                    "The log was made anew; reading it from its start", metadata: ["stream": "\(hub.stream)"])
                continue
            } catch BusError.noSuchLog {
                // Not declared yet, or the stream is long over; what was read stays until nobody asks.
                hub.caughtUp()
                if filter.hasEnded || isComplete { return }
            } catch {
                logger.log(
                    level: .ofTry(error), "Log not read; trying again",
                    metadata: ["stream": "\(hub.stream)", "reason": "\(error)"])
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    /// What the store has of the stream, for the time that the log does not reach back to. A store that does not
    /// answer soon is done without: the log alone fills the window within a minute.
    /// - Returns: whether the stream is over and all of it is stored.
    private func recall(_ hub: StreamHub) async -> Bool {
        let key = SegmentKey.index(stream: hub.stream)
        do {
            let index = try await withThrowingTaskGroup(of: RecordingIndex?.self) { [store, work] tasks in
                tasks.addTask {
                    guard let bytes = try await store.get(key) else { return nil }
                    return try await work.decode { try RecordingIndex(decoding: bytes, of: hub.stream) }
                }
                tasks.addTask {
                    try await Task.sleep(for: Self.storePatience)
                    throw SegmentStoreError.failed(operation: "get", key: key, reason: "no answer in time")
                }
                defer { tasks.cancelAll() }
                return try await tasks.next() ?? nil
            }
            guard let index, !index.keeping.isRemoved else { return false }
            hub.recall(index)
            return index.isComplete
        } catch {
            // Whoever watches the store tells of its outages.
            logger.log(
                level: (error as? SegmentStoreError)?.isOutage == true ? .debug : .warning, "Index not read",
                metadata: ["stream": "\(hub.stream)", "reason": "\(error)"])
            return false
        }
    }

    /// Half of what a fresh origin may take for its first answer.
    private static let storePatience = Duration.milliseconds(250)

    private func accept(
        _ payload: ByteBuffer, with filter: inout MediaLogFilter, into hub: StreamHub
    ) throws(WireError) {
        switch filter.accept(try MediaLogEntry(decoding: payload)) {
        case .bundle(let bundle):
            hub.add(bundle)
            metrics.bundles.increment()
        case .end: hub.end()
        case .fence, nil: break
        }
    }
}
