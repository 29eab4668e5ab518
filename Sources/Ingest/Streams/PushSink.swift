import AudioTimeline
import NIOCore

/// Where the audio of a connection goes, whatever its protocol. Callable from any thread.
protocol PushSink: AnyObject, Sendable {
    func configured(_ configuration: CodecConfiguration)

    /// - Parameters:
    ///   - timestamp: of the container.
    ///   - trim: what the container cuts off the packet's samples.
    ///   - arrival: when its last byte came, on the monotonic clock; nil for just now.
    func packet(_ payload: ByteBuffer, timestamp: MediaTimestamp?, trim: PacketTrim, arrival: Int64?)

    func nowPlaying(_ nowPlaying: NowPlaying, from source: TitleSource)

    /// The connection is gone without a clean end.
    func lost()

    /// The encoder ended the stream.
    func ended()

    /// How long the connection is not to be read, since it is ahead of real time, in nanoseconds.
    var excessLead: Int64 { get }
}

extension PushSink {
    /// What a tag of FLV or RTMP holds.
    ///
    /// - Throws: when no decoder takes it.
    func take(_ items: [TagSource.Item]) throws(PushRefusal) {
        for item in items {
            switch item {
            case .configured(let configuration): configured(configuration)
            case .packet(let payload, let timestamp):
                packet(payload, timestamp: timestamp, trim: .none, arrival: nil)
            case .undecodable(let audio): throw .undecodable(audio.sentence)
            case .ended: break
            }
        }
    }
}
