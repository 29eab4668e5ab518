/// What an event tells. The raw value is its name in the envelope and its topic on the bus.
public enum EventType: String, Sendable, Hashable, CaseIterable {
    case channelChanged = "channel.changed"
    case streamKeyChanged = "streamKey.changed"
    case streamStarted = "stream.started"
    case streamChanged = "stream.changed"
    case streamEnded = "stream.ended"
    case nowPlayingChanged = "nowPlaying.changed"
    case listenersCounted = "listeners.counted"
    case encodersAway = "encoders.away"
    case recordingCompleted = "recording.completed"
    case recordingDeleted = "recording.deleted"
    case replayRequested = "replay.requested"

    public var topic: String { rawValue }

    /// The version that this program writes and reads.
    public var version: Int { 1 }
}
