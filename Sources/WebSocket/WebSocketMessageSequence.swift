import NIOCore

/// The messages of one peer for a task: `for await message in messages`. The sequence ends with the connection.
/// While the task is behind by 16 messages, the peer is held back.
public struct WebSocketMessageSequence: AsyncSequence, Sendable {
    public typealias Element = WebSocketMessage
    fileprivate typealias Producer = NIOAsyncSequenceProducer<
        WebSocketMessage, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, Delegate
    >

    private let producer: Producer

    /// Makes the sequence and the consumer that fills it, for `WebSocketUpgrade.answer(open:)`.
    public static func make(
        for connection: WebSocketConnection
    ) -> (messages: WebSocketMessageSequence, consumer: any WebSocketConsumer) {
        let made = Producer.makeSequence(
            backPressureStrategy: .init(lowWatermark: 4, highWatermark: 16), finishOnDeinit: true,
            delegate: Delegate(connection: connection))
        return (WebSocketMessageSequence(producer: made.sequence), Consumer(source: made.source))
    }

    public func makeAsyncIterator() -> Iterator { Iterator(producer.makeAsyncIterator()) }

    public struct Iterator: AsyncIteratorProtocol {
        private let iterator: Producer.AsyncIterator

        fileprivate init(_ iterator: Producer.AsyncIterator) {
            self.iterator = iterator
        }

        public func next() async -> WebSocketMessage? { await iterator.next() }
    }

    fileprivate struct Delegate: NIOAsyncSequenceProducerDelegate {
        let connection: WebSocketConnection

        func produceMore() { connection.resumeReading() }
        func didTerminate() { connection.close(.goingAway) }
    }

    private final class Consumer: WebSocketConsumer {
        private let source: Producer.Source

        init(source: Producer.Source) {
            self.source = source
        }

        func received(_ message: WebSocketMessage, on connection: WebSocketConnection) {
            if case .stopProducing = source.yield(message) { connection.pauseReading() }
        }

        func closed(_ code: WebSocketCloseCode?, reason: String, on connection: WebSocketConnection) {
            source.finish()
        }
    }
}
