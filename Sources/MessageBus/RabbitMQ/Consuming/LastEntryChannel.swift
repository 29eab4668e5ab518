/// The channel of a reader that only wants to know how far a log goes.
///
/// RabbitMQ lets a reader wait behind the end of a stream without a word, so one that goes on where it was would wait in
/// a log that was made anew until that is as long as the one before. `last` begins with the last chunk that was written,
/// never within an older one: behind a marker that was appended just before, all of it is newer than what any reader had.
final class LastEntryChannel: SessionChannel {
    private let answer: Answer<Result<UInt64, ChannelEndError>>

    init(_ session: Session, number: UInt16, _ answer: Answer<Result<UInt64, ChannelEndError>>) {
        self.answer = answer
        super.init(session, number: number)
    }

    override func delivered(_ delivery: AMQPDelivery) {
        request(.acknowledge(delivery.tag, multiple: false))
        guard let offset = delivery.properties.streamOffset else { return }
        answer.settle(.success(.success(offset)))
        session.close(self)
    }

    override func cancelled() {
        answer.settle(.failure(.disconnected("the broker has cancelled the reader")))
        session.close(self)
    }

    override func ended(_ end: ChannelEnd) {
        answer.settle(.success(.failure(ChannelEndError(end: end))))
    }
}
