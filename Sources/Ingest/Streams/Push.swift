import AudioTimeline
import Logging
import NIOCore
import Synchronization

/// One connection that pushes audio to a channel, whatever its protocol. Callable from any thread.
///
/// With its first packet it takes the channel over; until the stream is open, what comes is kept with its arrival times.
final class Push: Sendable {
    enum Event: Sendable {
        case configured(CodecConfiguration)
        case packet(ByteBuffer, timestamp: Int64?, trim: PacketTrim, arrival: Int64)
        case nowPlaying(NowPlaying)
        case lost
        case ended
    }

    private enum State {
        case silent(configuration: CodecConfiguration?, nowPlaying: NowPlaying?)
        case opening([Event], bytes: Int)
        case attached(LiveStream)
        case closed
    }

    let holder: StreamKeyHolder
    let origin: String
    let logger: Logger
    /// Whether the stream has seen this push's first configuration.
    let wasConfigured = Atomic(false)
    private let state = Mutex(State.silent(configuration: nil, nowPlaying: nil))
    private let streams: LiveStreams
    private let onClose: @Sendable (PushClosure) -> Void

    /// Bytes that are kept while the stream is being opened.
    private static let openingBytes = 8 << 20
    /// Packets after which reading pauses meanwhile, and for how long at a time, in nanoseconds.
    private static let openingEvents = 64
    private static let openingPause: Int64 = 20_000_000

    /// - Parameters:
    ///   - origin: the protocol and where it comes from, for logs.
    ///   - onClose: called at most once, when the server wants the connection closed.
    init(
        holder: StreamKeyHolder, origin: String, streams: LiveStreams, logger: Logger,
        onClose: @escaping @Sendable (PushClosure) -> Void
    ) {
        self.holder = holder
        self.origin = origin
        self.streams = streams
        self.onClose = onClose
        var logger = logger
        logger[metadataKey: "channel"] = "\(holder.channelName)"
        logger[metadataKey: "origin"] = "\(origin)"
        self.logger = logger
    }

    /// Whether any audio came.
    var hasMedia: Bool {
        state.withLock { state in
            if case .silent = state { false } else { true }
        }
    }

    func configured(_ configuration: CodecConfiguration) { receive(.configured(configuration)) }

    /// - Parameters:
    ///   - timestamp: of the container, in nanoseconds.
    ///   - trim: what the container cuts off the packet's samples.
    func packet(_ payload: ByteBuffer, timestamp: Int64?, trim: PacketTrim = .none) {
        receive(.packet(payload, timestamp: timestamp, trim: trim, arrival: MonotonicClock.now))
    }

    func nowPlaying(_ nowPlaying: NowPlaying) { receive(.nowPlaying(nowPlaying.cleaned)) }

    /// The connection is gone without a clean end.
    func lost() { receive(.lost) }

    /// The encoder ended the stream.
    func ended() { receive(.ended) }

    /// How long the connection is not to be read, since it is ahead of real time.
    var excessLead: Int64 {
        let (stream, waiting): (LiveStream?, Int64) = state.withLock { state in
            switch state {
            case .attached(let stream): (stream, 0)
            // Until the stream is open nobody knows how far ahead it is.
            case .opening(let events, _): (nil, events.count > Self.openingEvents ? Self.openingPause : 0)
            case .silent, .closed: (nil, 0)
            }
        }
        return stream?.excessLead(now: MonotonicClock.now) ?? waiting
    }

    private func receive(_ event: Event) {
        var attached: LiveStream?
        var begins = false
        var overflows = false
        state.withLock { state in
            switch state {
            case .silent(let configuration, let nowPlaying):
                switch event {
                case .configured(let new): state = .silent(configuration: new, nowPlaying: nowPlaying)
                case .nowPlaying(let new): state = .silent(configuration: configuration, nowPlaying: new)
                case .packet:
                    guard let configuration else { return }
                    var events: [Event] = [.configured(configuration)]
                    if let nowPlaying { events.append(.nowPlaying(nowPlaying)) }
                    state = .opening(events + [event], bytes: 0)
                    begins = true
                case .lost, .ended: state = .closed
                }
            case .opening(var events, var bytes):
                if case .packet(let payload, _, _, _) = event { bytes += payload.readableBytes }
                guard bytes <= Self.openingBytes else {
                    overflows = true
                    return
                }
                // Lets go of the array, so that appending does not copy it.
                state = .closed
                events.append(event)
                state = .opening(events, bytes: bytes)
            case .attached(let stream): attached = stream
            case .closed: break
            }
        }
        if begins { open() }
        if overflows { close(.overflow) }
        attached?.receive(event, from: self)
    }

    private func open() {
        Task {
            do {
                try await streams.attach(self)
            } catch let refusal as PushRefusal {
                close(.refused(refusal))
            } catch {
                logger.error("Stream cannot be opened", metadata: ["reason": "\(error)"])
                close(.refused(.unavailable))
            }
        }
    }

    /// Hands over what has come so far. From here on events go straight to the stream.
    func attach(to stream: LiveStream) {
        while true {
            let waiting: [Event]? = state.withLock { state in
                guard case .opening(let events, let bytes) = state else { return nil }
                if events.isEmpty {
                    state = .attached(stream)
                } else {
                    state = .opening([], bytes: bytes)
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
