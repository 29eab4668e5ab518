import AudioTimeline
import Logging
import NIOCore
import Persistence
import Synchronization

/// One connection that pushes audio to a channel, whatever its protocol. Callable from any thread.
///
/// With its first packet it takes the channel over; until the stream is open, what comes is kept with its arrival times.
final class Push: PushSink {
    enum Event: Sendable {
        case configured(CodecConfiguration)
        case packet(ByteBuffer, timestamp: MediaTimestamp?, trim: PacketTrim, arrival: Int64)
        case title(Title)
        case lost
        case ended
    }

    private enum State {
        case silent(configuration: CodecConfiguration?, title: Title?)
        /// `isHandingOver` from when the stream takes what has come.
        case opening([Event], bytes: Int, isHandingOver: Bool = false)
        case attached(LiveStream)
        case closed
    }

    let holder: StreamKeyHolder
    let origin: String
    /// One of those that the key has.
    private let place: PushPlace?
    let logger: Logger
    /// When the connection began: what comes later may have been captured since.
    let connectedAt = MonotonicClock.now
    /// Whether the stream was asked for, which the first packet that can be decoded does.
    private let isOpened = Atomic(false)
    /// Whether the stream has seen this push's first configuration.
    let wasConfigured = Atomic(false)
    private let state = Mutex(State.silent(configuration: nil, title: nil))
    private let probe = DecodeProbe()
    private let streams: LiveStreams
    private let onClose: @Sendable (PushClosure) -> Void

    /// Bytes that are kept while the stream is being opened; each event counts as some.
    private static let openingBytes = 8 << 20
    /// Packets after which reading pauses meanwhile, and for how long at a time, in nanoseconds.
    private static let openingEvents = 64
    private static let openingPause: Int64 = 20_000_000

    /// - Parameters:
    ///   - origin: the protocol and where it comes from, for logs.
    ///   - onClose: called at most once, when the server wants the connection closed.
    init(
        holder: StreamKeyHolder, place: PushPlace? = nil, origin: String, streams: LiveStreams, logger: Logger,
        onClose: @escaping @Sendable (PushClosure) -> Void
    ) {
        self.holder = holder
        self.place = place
        self.origin = origin
        self.streams = streams
        self.onClose = onClose
        var logger = logger
        logger[metadataKey: "channel"] = "\(holder.channelName)"
        logger[metadataKey: "origin"] = "\(origin)"
        self.logger = logger
        place?.occupy(self)
    }

    /// Whether it is known how audio is coded, though none may have come.
    var hasSetup: Bool {
        state.withLock { state in
            if case .silent(nil, _) = state { false } else { true }
        }
    }

    /// Whether any audio came.
    var hasMedia: Bool {
        state.withLock { state in
            if case .silent = state { false } else { true }
        }
    }

    func configured(_ configuration: CodecConfiguration) {
        guard CodecConfiguration.sampleRates.contains(configuration.sampleRate) else {
            return close(.refused(.unsupportedRate(configuration.sampleRate)))
        }
        probe.begin(configuration)
        receive(.configured(configuration))
    }

    func packet(_ payload: ByteBuffer, timestamp: MediaTimestamp?, trim: PacketTrim = .none, arrival: Int64? = nil) {
        receive(.packet(payload, timestamp: timestamp, trim: trim, arrival: arrival ?? MonotonicClock.now))
        // Afterwards: a verdict opens the stream, which must find the packet waiting.
        probe.take(payload) { self.judged($0) }
    }

    func nowPlaying(_ nowPlaying: NowPlaying, from source: TitleSource) {
        receive(.title(Title(nowPlaying: nowPlaying.cleaned, source: source)))
    }

    func lost() {
        place?.leave()
        probe.end { self.judged($0) }
        receive(.lost)
    }

    func ended() {
        place?.leave()
        probe.end { self.judged($0) }
        receive(.ended)
    }

    var excessLead: Int64 {
        let (stream, waiting): (LiveStream?, Int64) = state.withLock { state in
            switch state {
            case .attached(let stream): (stream, 0)
            // Until the stream has all that came nobody knows how far ahead it is.
            case .opening(let events, _, let isHandingOver):
                (nil, isHandingOver || events.count > Self.openingEvents ? Self.openingPause : 0)
            case .silent, .closed: (nil, 0)
            }
        }
        return stream?.excessLead(now: MonotonicClock.now) ?? waiting
    }

    private func receive(_ event: Event) {
        var attached: LiveStream?
        var overflows = false
        state.withLock { state in
            switch state {
            case .silent(let configuration, let title):
                switch event {
                case .configured(let new): state = .silent(configuration: new, title: title)
                case .title(let new): state = .silent(configuration: configuration, title: title.replaced(with: new))
                case .packet:
                    guard let configuration else { return }
                    var events: [Event] = [.configured(configuration)]
                    if let title { events.append(.title(title)) }
                    state = .opening(events + [event], bytes: 0)
                case .lost, .ended: state = .closed
                }
            case .opening(var events, var bytes, let isHandingOver):
                bytes += event.cost
                guard bytes <= Self.openingBytes else {
                    overflows = true
                    return
                }
                // Lets go of the array, so that appending does not copy it.
                state = .closed
                if case .title(let new) = event, case .title(let old)? = events.last {
                    events[events.count - 1] = .title(Optional(old).replaced(with: new))
                } else {
                    events.append(event)
                }
                state = .opening(events, bytes: bytes, isHandingOver: isHandingOver)
            case .attached(let stream): attached = stream
            case .closed: break
            }
        }
        if overflows { close(.overflow) }
        attached?.receive(event, from: self)
    }

    /// The first packets of a configuration were decoded, or none of them.
    private func judged(_ verdict: DecodeProbe.Verdict) {
        switch verdict {
        case .undecodable(let reason): close(.refused(.unsupported(reason)))
        case .sound: if !isOpened.exchange(true, ordering: .relaxed) { open() }
        }
    }

    private func open() {
        Task {
            do {
                try await streams.attach(self)
            } catch let refusal as PushRefusal {
                close(.refused(refusal))
            } catch {
                logger.log(
                    level: .ofTry(error, otherwise: .error), "Stream cannot be opened", metadata: ["reason": "\(error)"]
                )
                close(.refused(.unavailable))
            }
        }
    }

    /// Hands over what has come so far. From here on events go straight to the stream.
    func attach(to stream: LiveStream) {
        while true {
            let waiting: [Event]? = state.withLock { state in
                guard case .opening(let events, let bytes, _) = state else { return nil }
                if events.isEmpty {
                    state = .attached(stream)
                } else {
                    state = .opening([], bytes: bytes, isHandingOver: true)
                }
                return events
            }
            // Closed while the stream was being opened: it must not wait for a push that brings nothing more.
            guard let waiting else { return stream.receive(.lost, from: self) }
            if waiting.isEmpty { return }
            for event in waiting { stream.receive(event, from: self) }
        }
    }

    /// Has the connection closed. The stream, unless another push has it already, waits for the next one.
    func close(_ closure: PushClosure) {
        place?.leave()
        let (wasOpen, stream): (Bool, LiveStream?) = state.withLock { state in
            defer { state = .closed }
            switch state {
            case .closed: return (false, nil)
            case .attached(let stream): return (true, stream)
            case .silent, .opening: return (true, nil)
            }
        }
        stream?.receive(.lost, from: self)
        if wasOpen { onClose(closure) }
    }
}

extension Push.Event {
    /// What it counts while it waits: one without bytes takes memory too.
    fileprivate var cost: Int {
        switch self {
        case .packet(let payload, _, _, _): payload.readableBytes + 128
        case .configured(let configuration): configuration.setup.count + 128
        // One takes the place of the one before.
        case .title, .lost, .ended: 128
        }
    }
}

extension Title? {
    fileprivate func replaced(with next: Title) -> Title {
        guard var title = self else { return next }
        _ = title.replace(with: next)
        return title
    }
}
