import Events
import Logging
import MessageBus
import NIOCore
import Persistence

/// Tells the other services which streams go on with silence because their encoder is away.
///
/// Not by the outbox: what was true a minute ago helps nobody, and an encoder may come and go all day.
struct EncoderReports {
    /// How often it looks, and how often it repeats what has not changed.
    private static let interval = Duration.seconds(1)
    private static let repetition = Duration.seconds(5)

    let process: String
    let streams: LiveStreams
    let bus: any MessageBus
    let now: WallClock
    let logger: Logger

    /// Reports until cancelled.
    func run() async {
        var told: [String] = []
        var toldAt = ContinuousClock.now
        while !Task.isCancelled {
            let away = await streams.withoutEncoder()
            if away != told || !away.isEmpty && ContinuousClock.now - toldAt >= Self.repetition {
                if report(away) {
                    told = away
                    toldAt = .now
                }
            }
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// - Returns: whether the bus took it.
    private func report(_ streamIDs: [String]) -> Bool {
        let envelope = EventEnvelope(.encodersAway(EncodersAway(process: process, streamIDs: streamIDs)), at: now())
        do {
            try bus.sendEvent(topic: EventType.encodersAway.topic, ByteBuffer(bytes: envelope.encoded()))
            return true
        } catch {
            logger.debug("Encoders that are away not told", metadata: ["error": "\(error)"])
            return false
        }
    }
}
