import Events
import Foundation
import MessageBus
import NIOCore
import SegmentStore

/// Tells other services of recordings. The index in the store is the outbox: it says what was told, and whoever finds
/// it untold tells it, so an event may come twice. Its version is always the same, so it counts once; and that of a
/// removal is higher, so a recording that is gone does not come back.
struct RecordingAnnouncer: Sendable {
    let bus: any MessageBus

    private static let completedVersion: Int64 = 1
    private static let deletedVersion: Int64 = 2

    func completed(_ index: RecordingIndex) async throws {
        let event = Event.recordingCompleted(
            RecordingCompleted(
                streamID: index.stream, channelID: index.keeping.channelID,
                startedAt: Timestamp(milliseconds: index.startMicroseconds / 1000),
                durationSamples: index.totalSamples, ladder: index.renditions.map(\.ofLadder)))
        try await publish(event, version: Self.completedVersion)
    }

    func removed(stream: String, channelID: String) async throws {
        try await publish(
            .recordingDeleted(RecordingDeleted(streamID: stream, channelID: channelID)), version: Self.deletedVersion)
    }

    private func publish(_ event: Event, version: Int64) async throws {
        let envelope = EventEnvelope(
            event, aggregateVersion: version,
            at: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
        try await bus.publishEvent(topic: event.type.topic, ByteBuffer(bytes: envelope.encoded()))
    }
}

extension RecordingIndex.Keeping {
    var isToBeAnnounced: Bool { isRecorded && !isAnnounced && !isRemoved && !channelID.isEmpty }
}

extension RecordingIndex.Rendition {
    /// From its name, `aac-128` or `flac`.
    fileprivate var ofLadder: LadderRendition {
        let parts = name.split(separator: "-")
        let rate = parts.count > 1 ? Int(parts[1]).map { $0 * 1000 } : nil
        return LadderRendition(name: name, codec: String(parts.first ?? ""), bitRate: rate)
    }
}
