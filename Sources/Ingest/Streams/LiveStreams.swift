import AudioTimeline
import Events
import Logging
import MessageBus
import NIOCore
import Persistence
import Telemetry

/// Every stream that is on the air at this process: opens, takes over, renews leases, ends.
actor LiveStreams {
    private let rows: StreamRows
    private let bus: any MessageBus
    private let settings: IngestSettings
    private let metrics: IngestMetrics
    private let logger: Logger
    /// Pokes the relay of the outbox after a change.
    private let relay: @Sendable () -> Void

    nonisolated let places = PushPlaces()

    private var live: [String: LiveStream] = [:] {
        didSet { metrics.liveStreams.set(live.count) }
    }
    private var opening: [String: Task<LiveStream, any Error>] = [:]
    private var guards: [String: TakeoverGuard] = [:]
    private var tasks: [String: Task<Void, Never>] = [:]
    /// Streams that are over and not cleared up, by whether their recordings are complete.
    private var clearing: [String: Bool] = [:]
    /// Streams that no transcoder has taken for too long.
    private var withoutWorker: Set<String> = [] {
        didSet { metrics.streamsWithoutWorker.set(withoutWorker.count) }
    }
    private var isShuttingDown = false

    init(
        rows: StreamRows, bus: any MessageBus, settings: IngestSettings, metrics: IngestMetrics, logger: Logger,
        relay: @escaping @Sendable () -> Void
    ) {
        self.rows = rows
        self.bus = bus
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        self.relay = relay
    }

    /// The push has brought its first packet: it takes the channel over, or begins the stream.
    func attach(_ push: Push) async throws {
        guard !isShuttingDown else { throw PushRefusal.shuttingDown }
        let channel = push.holder.channelID
        // A stream that was ended a moment ago is not gone on with: this is the next one.
        if let stream = live[channel], stream.hasEnded { try await finish(stream) }
        if let stream = live[channel] {
            if stream.isPushed {
                guard guards[channel, default: TakeoverGuard()].allows(at: MonotonicClock.now) else {
                    throw PushRefusal.takeoverStorm
                }
                push.logger.info("Encoder takes the channel over")
            } else {
                push.logger.info("Encoder is back")
            }
            stream.takeOver(by: push)
            return push.attach(to: stream)
        }
        let stream: LiveStream
        if let task = opening[channel] {
            stream = try await task.value
        } else {
            let task = Task { try await open(push.holder) }
            opening[channel] = task
            defer { opening[channel] = nil }
            stream = try await task.value
            live[channel] = stream
            run(stream)
        }
        stream.takeOver(by: push)
        push.attach(to: stream)
        push.logger.info("On the air", metadata: ["stream": "\(stream.id)", "epoch": "\(stream.epoch)"])
    }

    func stream(ofChannel channelID: String) -> LiveStream? { live[channelID] }

    /// What a channel plays, told beside the audio. Encoders tell the first song as soon as they are connected: it waits
    /// with the push for the audio.
    /// - Returns: whether the channel is on the air, or an encoder is connected.
    func told(_ nowPlaying: NowPlaying, channelID: String) -> Bool {
        let pushes = places.pushes(ofChannel: channelID)
        for push in pushes { push.nowPlaying(nowPlaying, from: .request) }
        guard let stream = live[channelID], !stream.hasEnded else { return !pushes.isEmpty }
        stream.told(nowPlaying)
        return true
    }

    /// - Returns: the seconds until a push to the channel can begin a stream; nil when it can, or finds one.
    func secondsUntilNewStream(_ channel: StreamKeyHolder) async -> Int? {
        guard live[channel.channelID] == nil, opening[channel.channelID] == nil else { return nil }
        do {
            return try await rows.secondsUntilNewStream(
                ofChannel: channel.channelID, allowance: settings.newStreams)
        } catch {
            // Whoever opens the stream asks again, and for good. Cancelled: the client has left.
            if !Task.isCancelled {
                logger.log(level: .ofTry(error), "Streams not counted", metadata: ["reason": "\(error)"])
            }
            return nil
        }
    }

    /// Names by channel id, of channels on the air.
    func channelNames() -> [String: String] {
        Dictionary(live.map { ($0, $1.channel.channelName) }, uniquingKeysWith: { first, _ in first })
    }

    /// Channels on the air, and whether an encoder is connected.
    func liveChannels() -> [(name: String, isPushed: Bool)] {
        live.values.map { ($0.channel.channelName, $0.isPushed) }.sorted { $0.name < $1.name }
    }

    /// The ids of streams on the air that wait for their encoder, in order.
    func withoutEncoder() -> [String] { live.values.filter { !$0.isPushed && !$0.hasEnded }.map(\.id).sorted() }

    /// The keys that encoders are connected with.
    func heldKeys() -> [String] { live.values.compactMap(\.keyID) }

    func keyRevoked(_ keyID: String) {
        for stream in live.values { stream.revoked(keyID: keyID) }
    }

    /// Renews leases, and ends the streams of processes that are gone, until cancelled.
    func run() async throws {
        var answers = UnbrokenAnswers(longestPause: settings.lease)
        while !Task.isCancelled {
            // One's own first. Others, whose database was away as well, have as long for theirs as one that lives needs at
            // most; a file has no other process that could live.
            let hasAnswered = await renewLeases()
            let unbroken = answers.note(answered: hasAnswered, at: .now)
            if hasAnswered, rows.database.dialect == .sqlite || unbroken >= settings.lease + settings.grace {
                await adoptExpired()
            }
            try await Task.sleep(for: settings.leaseRenewal)
        }
    }

    /// Closes every encoder. Streams are not ended: a restarted process goes on with them.
    func shutDown() {
        isShuttingDown = true
        for stream in live.values { stream.stop(.refused(.shuttingDown)) }
        for task in tasks.values { task.cancel() }
        live = [:]
    }

    // MARK: Opening and ending

    private func open(_ channel: StreamKeyHolder) async throws -> LiveStream {
        let id = StreamID.make(at: rows.now())
        let row = try await rows.acquire(
            channel, ladder: settings.ladder, id: id, lease: settings.lease, allowance: settings.newStreams)
        relay()
        return try await makeStream(row)
    }

    private func makeStream(_ row: StreamRow) async throws -> LiveStream {
        try await bus.declareQueue(Topology.source(row.id), Topology.sourceOptions)
        try await bus.declareLog(Topology.media(row.id), settings.mediaLog)
        for queue in [Topology.transcodeJobs, Topology.transcodeStandbys] {
            try await bus.declareQueue(queue, Topology.transcodeJobsOptions)
        }
        let wallOffset = rows.now().milliseconds * 1000 - MonotonicClock.now / 1000
        let clock = StreamClock(epoch: row.epoch, wallOffsetMicroseconds: wallOffset, limits: settings.limits)
        var logger = logger
        logger[metadataKey: "stream"] = "\(row.id)"
        logger[metadataKey: "channel"] = "\(row.channel.channelName)"
        return LiveStream(row, clock: clock, bus: bus, settings: settings, metrics: metrics, logger: logger)
    }

    /// Tells others what the stream plays until cancelled, however long the database is away.
    private func tell(_ stream: LiveStream) async {
        for await nowPlaying in stream.nowPlayingChanges {
            var pauses = Backoff()
            while !Task.isCancelled {
                do {
                    try await rows.nowPlayingChanged(
                        nowPlaying, ofStream: stream.id, channelID: stream.channel.channelID)
                    relay()
                    break
                } catch {
                    let pause = pauses.next()
                    stream.logger.log(
                        level: .ofTry(error), "Now playing not told to others yet",
                        metadata: ["reason": "\(error)", "retry.after": "\(pause)"])
                    try? await Task.sleep(for: pause)
                }
            }
        }
    }

    /// Lets the stream's time pass and looks for workers until it is over.
    private func run(_ stream: LiveStream) {
        tasks[stream.id] = Task { [weak self] in
            let offers = Task { await self?.offer(stream) }
            let titles = Task { await self?.tell(stream) }
            await Self.pass(stream)
            await self?.conclude(stream)
            titles.cancel()
            if stream.mayEnd, !Task.isCancelled {
                await Self.pass(stream)
                await self?.clearUp(stream)
            }
            offers.cancel()
        }
    }

    /// Lets the stream's time pass until it has nothing more to say.
    private static func pass(_ stream: LiveStream) async {
        while !Task.isCancelled, let wake = stream.tick() {
            try? await Task.sleep(for: .nanoseconds(max(1_000_000, wake - MonotonicClock.now)))
        }
    }

    /// Finishes the stream, however long the database is away.
    private func conclude(_ stream: LiveStream) async {
        var pauses = Backoff()
        while !Task.isCancelled {
            do {
                return try await finish(stream)
            } catch {
                let pause = pauses.next()
                stream.logger.log(
                    level: .ofTry(error), "End of the stream not told yet",
                    metadata: ["reason": "\(error)", "retry.after": "\(pause)"])
                try? await Task.sleep(for: pause)
            }
        }
    }

    /// Offers the stream while it has fewer workers than it wants; declaring the queue again keeps it and tells.
    private func offer(_ stream: LiveStream) async {
        var job: ByteBuffer?
        var wait = WorkerWait(patience: settings.workerPatience)
        defer { withoutWorker.remove(stream.id) }
        while !Task.isCancelled {
            do {
                if job == nil { job = try await makeOffer(stream) }
                guard let offer = job else { return }
                let status = try await bus.declareQueue(Topology.source(stream.id), Topology.sourceOptions)
                // One that nobody works on goes before all that want another to stand by.
                let queue = status.consumers == 0 ? Topology.transcodeJobs : Topology.transcodeStandbys
                if status.consumers < settings.workers { try bus.send(offer, to: queue) }
                switch wait.note(hasWorker: status.consumers > 0, at: .now) {
                case .tooLong:
                    withoutWorker.insert(stream.id)
                    stream.logger.warning(
                        "No transcoder takes the stream, and nobody hears it: start another one, or raise --slots",
                        metadata: ["waits.since": "\(settings.workerPatience)"])
                case .over:
                    withoutWorker.remove(stream.id)
                    stream.logger.notice("A transcoder has taken the stream")
                case nil: break
                }
            } catch {
                wait.busWasAway()
                stream.logger.log(level: .ofTry(error), "Stream cannot be offered", metadata: ["reason": "\(error)"])
            }
            try? await Task.sleep(for: settings.offerInterval)
        }
    }

    /// What the channel's owner wants of recordings when the stream begins holds until it is over.
    private func makeOffer(_ stream: LiveStream) async throws -> ByteBuffer {
        TranscodeJob(
            stream: stream.id, channel: stream.channel.channelName, channelID: stream.channel.channelID,
            isRecorded: try await rows.isRecorded(stream.channel.channelID)
        ).encoded()
    }

    /// Tells everybody that the stream is over, unless another server goes on with it. Does nothing the second time.
    ///
    /// The database first: once workers have been told, nobody can go on with the stream, so nobody may take it any more.
    private func finish(_ stream: LiveStream) async throws {
        if !stream.mayEnd, try await end(stream) {
            stream.letEnd()
            relay()
            stream.logger.info("Off the air")
        }
        remove(stream)
    }

    private func remove(_ stream: LiveStream) {
        guard live[stream.channel.channelID] === stream else { return }
        live[stream.channel.channelID] = nil
        guards[stream.channel.channelID] = nil
    }

    /// - Returns: false if another server goes on with the stream.
    private func end(_ stream: LiveStream) async throws -> Bool {
        if try await rows.end(stream.row) { return true }
        if try await rows.hasEnded(stream.row) { return true }
        guard try await rows.renew([stream.id: stream.epoch], lease: settings.lease)[stream.id] == .forgotten else {
            return false
        }
        // Nobody can go on with what the database has forgotten, but others may know of it.
        if try await rows.writeAgain(stream.row, lease: settings.lease) { try await rows.end(stream.row) }
        return true
    }

    /// The store has all of the stream.
    func recordingCompleted(_ stream: String) {
        if clearing[stream] != nil { clearing[stream] = true }
    }

    /// Removes queue and log once nobody reads them: workers finish the queue, listeners have the window's length, and
    /// the recording, which waits in the log while the store is down, gets what the log keeps.
    private func clearUp(_ stream: LiveStream) async {
        clearing[stream.id] = false
        defer {
            tasks[stream.id] = nil
            clearing[stream.id] = nil
        }
        do {
            try await Task.sleep(for: settings.linger)
            var waited = Duration.zero
            while clearing[stream.id] == false, waited < settings.mediaLog.minimumAge {
                try await Task.sleep(for: .seconds(1))
                // A bus that was away may have lost the end; and meanwhile nobody could tell that the recording is complete.
                _ = stream.tick()
                let answer = try? await bus.declareQueue(Topology.source(stream.id), Topology.sourceOptions)
                if answer != nil { waited += .seconds(1) }
            }
            try await bus.deleteQueue(Topology.source(stream.id))
            try await bus.deleteLog(Topology.media(stream.id))
        } catch is CancellationError {
            // Shutting down: the next process declares them again, or they expire.
        } catch {
            stream.logger.log(level: .ofTry(error), "Queue and log not removed", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: Leases

    /// - Returns: whether the database did it.
    private func renewLeases() async -> Bool {
        do {
            let held = Dictionary(live.values.map { ($0.id, $0.epoch) }, uniquingKeysWith: { first, _ in first })
            for (id, loss) in try await rows.renew(held, lease: settings.lease) {
                // One that ends here in this moment has lost nothing.
                guard let stream = live.values.first(where: { $0.id == id }), !stream.hasEnded else { continue }
                switch loss {
                case .takenOver: letGo(stream)
                case .forgotten: try await remind(of: stream)
                }
            }
            return true
        } catch {
            logger.log(
                level: .ofTry(error), "Leases not renewed",
                metadata: ["reason": "\(error)", "streams": "\(live.count)"])
            return false
        }
    }

    private func letGo(_ stream: LiveStream) {
        stream.logger.warning("Another server took the stream over")
        stream.stop(.leaseLost)
        tasks[stream.id]?.cancel()
        remove(stream)
    }

    /// The database was restored from a state before this stream.
    private func remind(of stream: LiveStream) async throws {
        if try await rows.writeAgain(stream.row, lease: settings.lease) {
            relay()
            stream.logger.warning("The database had lost the stream; it is written again")
        } else {
            stream.logger.warning("The database has lost the stream, and another is on the air; this one ends")
            stream.end(.leaseLost)
        }
    }

    /// Ends streams whose server is gone and whose encoder has not come back within the grace.
    private func adoptExpired() async {
        do {
            for row in try await rows.leftBehind(grace: settings.grace)
            where live[row.channel.channelID] == nil && opening[row.channel.channelID] == nil {
                // The database first: once workers have been told, the stream cannot be gone on with.
                guard let ended = try await rows.endLeftBehind(row) else { continue }
                relay()
                logger.info("Ended a stream that was left behind", metadata: ["stream": "\(row.id)"])
                let stream = try await makeStream(ended)
                stream.end()
                run(stream)
            }
        } catch {
            logger.log(level: .ofTry(error), "Streams left behind not looked for", metadata: ["reason": "\(error)"])
        }
    }
}
