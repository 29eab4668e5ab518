import Events
import Logging
import MessageBus
import NIOCore
import SegmentStore

extension TranscoderService {
    /// The name of this service in ``ReplayRequested`` and of its durable subscriber.
    public static let name = "transcoder"

    /// Answers requests for the present state of all recordings; one process at a time. A lost bus is waited for.
    func answerReplays(_ keeper: RecordingKeeper) async throws {
        var pauses = Backoff()
        while !Task.isCancelled {
            do {
                let requests = try await bus.subscribe(
                    Self.name, topics: [EventType.replayRequested.topic], exclusive: false)
                pauses = Backoff()
                while let delivery = try await requests.next() { try await answer(delivery, of: requests, keeper) }
                if !Task.isCancelled { throw BusError.shutDown }
            } catch let error as BusError where error.passesWhenDeclaredAnew {
                let pause = pauses.next()
                logger.log(
                    level: error.isOutage ? .debug : .warning, "Requests for replays lost; trying again",
                    metadata: ["reason": "\(error)", "retry.after": "\(pause)"])
                try await Task.sleep(for: pause)
            }
        }
    }

    private func answer(
        _ delivery: Delivery, of requests: any EventSubscription, _ keeper: RecordingKeeper
    ) async throws {
        do {
            let envelope = try EventEnvelope(decoding: delivery.payload.readableBytesView)
            if case .event(.replayRequested(let request)) = try envelope.decodeEvent(), request.owner == Self.name {
                try await keeper.replay()
            }
            requests.acknowledge(delivery.tag)
        } catch let error as EventError {
            logger.error("Event set aside", metadata: ["reason": "\(error)"])
            requests.reject(delivery.tag, requeue: false)
        } catch let error where !(error is CancellationError) {
            let isOutage = (error as? BusError)?.isOutage ?? (error as? SegmentStoreError)?.isOutage ?? false
            logger.log(
                level: isOutage ? .debug : .warning, "Recordings not told again yet", metadata: ["reason": "\(error)"])
            try await Task.sleep(for: .seconds(1))
            requests.reject(delivery.tag, requeue: true)
        }
    }
}
