import Synchronization

/// A reader of a RabbitMQ stream. Holds its client, which lives as long as any of its consumers and readers.
final class RabbitMQReader: LogReader {
    private let bus: RabbitMQMessageBus
    private let connection: BusConnection
    private let id: UInt64
    private let mailbox: Mailbox<ReadItem>
    /// The last entry that was taken, and whether the connection's thread is going to say so.
    private let progress = Mutex((taken: UInt64(0), isPosted: false))

    init(_ bus: RabbitMQMessageBus, _ connection: BusConnection, id: UInt64, _ mailbox: Mailbox<ReadItem>) {
        self.bus = bus
        self.connection = connection
        self.id = id
        self.mailbox = mailbox
    }

    deinit {
        connection.post(closing {})
    }

    nonisolated(nonsending) func next() async throws -> LogReading? {
        guard let item = try await mailbox.next() else { return nil }
        if let tag = item.tag { acknowledge(tag) }
        return item.reading
    }

    func close() async {
        guard mailbox.finish(nil) else { return }
        let answer = Answer<Void>()
        connection.post(closing { answer.settle(.success(())) })
        _ = try? await answer.valueDespiteCancellation()
    }

    /// Tells the broker at once, though together for all that were taken meanwhile: it closes the channel of a
    /// consumer that holds a delivery for half an hour, and a log may be quiet for longer.
    private func acknowledge(_ tag: UInt64) {
        let isFirst = progress.withLock { progress in
            progress.taken = max(progress.taken, tag)
            defer { progress.isPosted = true }
            return !progress.isPosted
        }
        guard isFirst else { return }
        connection.post { [weak self, id] session in
            guard let self else { return }
            let taken = progress.withLock { progress in
                progress.isPosted = false
                return progress.taken
            }
            session.channel(of: id, as: ReaderChannel.self)?.request(.acknowledge(taken, multiple: true))
        }
    }

    private func closing(_ completion: @escaping @Sendable () -> Void) -> ConnectionCommand {
        let id = id
        return ConnectionCommand(deadline: nil) { session in
            guard let channel = session.channel(of: id, as: ReaderChannel.self) else { return completion() }
            session.disown(id)
            session.close(channel, completion)
        } fail: { _ in
            completion()
        }
    }
}
