/// What one service tells the others. Every event carries the whole state of its aggregate, so the newest is enough.
public enum Event: Sendable, Hashable {
    case channelChanged(ChannelChanged)
    case streamKeyChanged(StreamKeyChanged)
    case streamStarted(StreamState)
    case streamChanged(StreamState)
    case streamEnded(StreamEnded)
    case nowPlayingChanged(NowPlayingChanged)
    case listenersCounted(ListenersCounted)
    case encodersAway(EncodersAway)
    case recordingCompleted(RecordingCompleted)
    case recordingDeleted(RecordingDeleted)
    case replayRequested(ReplayRequested)

    public var type: EventType {
        switch self {
        case .channelChanged: .channelChanged
        case .streamKeyChanged: .streamKeyChanged
        case .streamStarted: .streamStarted
        case .streamChanged: .streamChanged
        case .streamEnded: .streamEnded
        case .nowPlayingChanged: .nowPlayingChanged
        case .listenersCounted: .listenersCounted
        case .encodersAway: .encodersAway
        case .recordingCompleted: .recordingCompleted
        case .recordingDeleted: .recordingDeleted
        case .replayRequested: .replayRequested
        }
    }

    /// Whose state the event carries, e.g. `channel/7`. Events of one aggregate are relayed in their order.
    public var aggregate: String { payload.aggregate }

    public var json: JSONValue { payload.json }

    private var payload: any EventPayload {
        switch self {
        case .channelChanged(let payload): payload
        case .streamKeyChanged(let payload): payload
        case .streamStarted(let payload), .streamChanged(let payload): payload
        case .streamEnded(let payload): payload
        case .nowPlayingChanged(let payload): payload
        case .listenersCounted(let payload): payload
        case .encodersAway(let payload): payload
        case .recordingCompleted(let payload): payload
        case .recordingDeleted(let payload): payload
        case .replayRequested(let payload): payload
        }
    }

    init(type: EventType, json: JSONValue) throws(EventError) {
        let fields = try JSONFields(json)
        switch type {
        case .channelChanged: self = .channelChanged(try ChannelChanged(fields))
        case .streamKeyChanged: self = .streamKeyChanged(try StreamKeyChanged(fields))
        case .streamStarted: self = .streamStarted(try StreamState(fields))
        case .streamChanged: self = .streamChanged(try StreamState(fields))
        case .streamEnded: self = .streamEnded(try StreamEnded(fields))
        case .nowPlayingChanged: self = .nowPlayingChanged(try NowPlayingChanged(fields))
        case .listenersCounted: self = .listenersCounted(try ListenersCounted(fields))
        case .encodersAway: self = .encodersAway(try EncodersAway(fields))
        case .recordingCompleted: self = .recordingCompleted(try RecordingCompleted(fields))
        case .recordingDeleted: self = .recordingDeleted(try RecordingDeleted(fields))
        case .replayRequested: self = .replayRequested(try ReplayRequested(fields))
        }
    }
}

/// What an event carries beside its envelope.
protocol EventPayload {
    init(_ fields: JSONFields) throws(EventError)
    var aggregate: String { get }
    var json: JSONValue { get }
}
