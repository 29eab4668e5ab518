import AudioTimeline
import Logging
import MessageBus
import NIOCore
import Synchronization
import Telemetry

/// A stream that is on the air here: its clock, the push that feeds it, and the queue that it is published to.
final class LiveStream: Sendable {
    private struct State {
        var clock: StreamClock
        var push: Push?
        /// Since when nobody pushes.
        var lostSince: Int64?
        /// Batches that the bus did not take yet, oldest first.
        var backlog: [SourceBatch] = []
        /// What the bus has taken last, where it may lose it.
        var taken = TakenBatches()
        /// What did not fit into the backlog while the bus took nothing, on the 48 kHz clock.
        var lost: Range<Int64>?
        var isStopped = false
        /// The database has it that the stream is over: workers may be told.
        var mayEnd = false
        var title = Title.unknown
        var titles: NowPlayingLimit

        /// - Returns: what is to be told to others at once.
        mutating func told(_ next: Title, at now: Int64) -> NowPlaying? {
            guard title.replace(with: next) else { return nil }
            let playing = titles.told(next.nowPlaying, at: now)
            if let playing { clock.nowPlayingChanged(playing, now: now) }
            return playing
        }
    }

    /// As this process took it: its lease runs on in the database.
    let row: StreamRow
    var id: String { row.id }
    var epoch: UInt32 { row.epoch }
    var channel: StreamKeyHolder { row.channel }
    private let bus: any MessageBus
    private let settings: IngestSettings
    private let metrics: IngestMetrics
    let logger: Logger
    private let state: Mutex<State>
    /// What plays, for whoever tells it to others, who has to take the last one only. Iterated once.
    let nowPlayingChanges: AsyncStream<NowPlaying>
    private let onNowPlaying: AsyncStream<NowPlaying>.Continuation

    init(
        _ row: StreamRow, clock: StreamClock, bus: any MessageBus, settings: IngestSettings, metrics: IngestMetrics,
        logger: Logger
    ) {
        self.row = row
        self.bus = bus
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        (nowPlayingChanges, onNowPlaying) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        // What a stream played that another process began is not known.
        let titles = NowPlayingLimit(published: row.epoch == 1 ? .nothing : nil)
        state = Mutex(State(clock: clock, titles: titles))
    }

    // MARK: Events of the push

    /// Takes the stream over from whoever pushed before.
    func takeOver(by push: Push) {
        let old = state.withLock { state in
            defer {
                state.push = push
                state.lostSince = nil
            }
            return state.push
        }
        if let old, old !== push { old.close(.takenOver) }
    }

    func receive(_ event: Push.Event, from push: Push) {
        let now = MonotonicClock.now
        var failure: PushClosure?
        var playing: NowPlaying?
        state.withLock { state in
            guard state.push === push, !state.isStopped else { return }
            switch event {
            case .configured(let configuration):
                let isNew = !push.wasConfigured.exchange(true, ordering: .relaxed)
                do {
                    try state.clock.configured(
                        configuration, isNewConnection: isNew, connectedAt: isNew ? push.connectedAt : nil)
                } catch StreamClock.Refusal.restlessConfiguration {
                    failure = .refused(.unsupported("The format of the audio changes too often."))
                } catch StreamClock.Refusal.unsupportedRate(let rate) {
                    failure = .refused(.unsupportedRate(rate))
                } catch {
                    failure = .refused(.unsupported("The audio's set-up data cannot be read."))
                }
            case .packet(let payload, let timestamp, let trim, let arrival):
                metrics.packets.increment()
                metrics.bytes.increment(by: payload.readableBytes)
                do {
                    try state.clock.packetArrived(
                        payload, timestamp: timestamp, trim: trim, arrival: arrival, now: now)
                } catch StreamClock.Refusal.overflow {
                    failure = .overflow
                } catch {
                    metrics.brokenPackets.increment()
                }
            case .title(let title): playing = state.told(title, at: now)
            case .lost:
                state.clock.connectionLost(now: now)
                state.push = nil
                state.lostSince = now
                logger.info("Encoder lost; waiting for it", metadata: ["grace": "\(settings.grace)"])
            case .ended:
                if let last = state.titles.flush(at: now) { state.clock.nowPlayingChanged(last, now: now) }
                state.clock.ended(now: now)
                state.push = nil
            }
            publish(&state)
        }
        if let playing { onNowPlaying.yield(playing) }
        if let failure { push.close(failure) }
    }

    /// What plays, told beside the audio.
    func told(_ nowPlaying: NowPlaying) {
        let playing = state.withLock { state in
            defer { publish(&state) }
            return state.told(Title(nowPlaying: nowPlaying, source: .request), at: MonotonicClock.now)
        }
        if let playing { onNowPlaying.yield(playing) }
    }

    /// Time passed.
    /// - Returns: when to look again, nanoseconds of the monotonic clock; nil once the stream is over, or only its end
    ///   waits to be told (``letEnd()``).
    func tick() -> Int64? {
        let now = MonotonicClock.now
        var playing: NowPlaying?
        defer { if let playing { onNowPlaying.yield(playing) } }
        return state.withLock { state in
            guard !state.isStopped else { return nil }
            playing = state.titles.due(at: now)
            if let playing { state.clock.nowPlayingChanged(playing, now: now) }
            if let lost = state.lostSince, now - lost >= settings.graceNanoseconds { state.clock.ended(now: now) }
            state.clock.timePassed(now: now)
            publish(&state)
            if state.clock.hasEnded, state.backlog.isEmpty || !state.mayEnd && state.backlog[0].isEnd { return nil }
            let wake = state.clock.nextWake(now: now) ?? now + 100_000_000
            return min(wake, state.titles.wake ?? wake)
        }
    }

    /// The end may be told: nobody can go on with the stream any more.
    func letEnd() {
        state.withLock { state in
            state.mayEnd = true
            publish(&state)
        }
    }

    /// Whether the database has it that the stream is over.
    var mayEnd: Bool { state.withLock { $0.mayEnd } }

    /// Ends at once a stream of which the database has it that it is over.
    func end(_ closure: PushClosure = .refused(.shuttingDown)) {
        let push = state.withLock { state in
            state.clock.ended(now: MonotonicClock.now)
            state.mayEnd = true
            publish(&state)
            defer { state.push = nil }
            return state.push
        }
        push?.close(closure)
    }

    /// Stops without ending: another Ingest has the stream, or this process goes.
    func stop(_ closure: PushClosure) {
        let push = state.withLock { state in
            state.isStopped = true
            defer { state.push = nil }
            return state.push
        }
        push?.close(closure)
    }

    /// The key that the encoder is connected with.
    var keyID: String? { state.withLock { $0.push?.holder.keyID } }

    func revoked(keyID: String) {
        let push = state.withLock { $0.push }
        guard let push, push.holder.keyID == keyID else { return }
        push.close(.keyRevoked)
    }

    /// By how much the push is further ahead of real time than it may be, in nanoseconds.
    func excessLead(now: Int64) -> Int64 {
        state.withLock { max(0, $0.clock.lead(now: now) - settings.limits.leadNanoseconds) }
    }

    var hasEnded: Bool { state.withLock { $0.clock.hasEnded } }

    var isPushed: Bool { state.withLock { $0.push != nil } }

    // MARK: Publishing

    /// Without waiting, so that the audio reaches the worker in the same turn of the event loop.
    private func publish(_ state: inout State) {
        state.backlog += state.clock.takeBatches()
        if let lost = state.taken.lost(at: bus.losses) {
            logger.debug("Batches published again: the bus may have lost them", metadata: ["count": "\(lost.count)"])
            metrics.repeatedBatches.increment(by: lost.count)
            state.backlog = lost + state.backlog
        }
        var sent = 0
        while sent < state.backlog.count, state.mayEnd || !state.backlog[sent].isEnd {
            do {
                try bus.sendKept(state.backlog[sent].encoded(), to: Topology.source(id))
                state.taken.add(state.backlog[sent])
                sent += 1
            } catch {
                metrics.refusedBatches.increment()
                break
            }
        }
        state.backlog.removeFirst(sent)
        if state.backlog.isEmpty, let lost = state.lost {
            logger.notice(
                "The bus takes audio again; what was lost is heard as silence",
                metadata: ["seconds": "\(Int64(lost.count) / Timeline.sampleRate)"])
            state.lost = nil
        }
        thin(&state)
    }

    /// What no longer fits becomes a silence packet.
    private func thin(_ state: inout State) {
        let excess = state.backlog.count - TakenBatches.limit
        guard excess > 0 else { return }
        let dropped = state.backlog.prefix(excess)
        state.backlog.removeFirst(excess)
        guard let start = dropped.lazy.compactMap(\.firstPosition).first, let end = state.backlog[0].firstPosition,
            end > start
        else { return }
        state.backlog[0].items.insert(.silence(start: start, length: end - start), at: 0)
        if state.lost == nil {
            logger.warning("Audio is lost: the bus has been away for longer than Ingest remembers")
        }
        state.lost = min(state.lost?.lowerBound ?? start, start)..<end
    }
}

extension SourceBatch {
    /// Whether the batch tells that the stream is over.
    fileprivate var isEnd: Bool {
        if case .end? = items.last { true } else { false }
    }
}
