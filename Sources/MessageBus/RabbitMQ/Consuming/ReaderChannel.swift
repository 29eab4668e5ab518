import NIOCore

/// What the channel of a reader has for it.
struct ReadItem: Sendable {
    let reading: LogReading
    /// By which the broker is told that there is room for more.
    let tag: UInt64?
}

/// The channel of a reader of a log.
///
/// **How it learns the end of the log.** ``LogReading/caughtUp`` has to come when everything was read that was
/// confirmed to anybody before the reading began: a worker's fence rests on it. AMQP 0-9-1 has no way to ask for the
/// end of a stream. The message count that `queue.declare` answers is a metric, refreshed every few seconds (measured:
/// 0 for more than 4 s after 20 confirmed entries); a second consumer at `last` gets the last chunk without being told how many
/// entries that has, and says nothing at all about an empty stream; confirms carry no offset. So the reader appends an
/// entry of its own, a *marker*, which all readers leave out, and is done when it comes by: the log itself puts it
/// behind everything that was confirmed before. That is exact on a cluster too, where a replica may lag. `read` returns
/// when the marker is confirmed, so that nothing that is appended later comes before it. It costs one small entry a
/// reader, and a broker that takes nothing (blocked) lets nobody begin until it does.
///
/// Retention may drop the marker before a slow reader gets there. It would see a gap in the offsets, upon which it
/// appends the marker again.
final class ReaderChannel: SessionChannel {
    /// The type property of markers.
    static let markerType = "twitchy.end"
    /// Entries that the broker sends ahead. Of 192 ms of audio each, they are 12 s.
    static let prefetch = 64

    private let log: String
    private let mailbox: Mailbox<ReadItem>
    private let marker: String
    private let appendMarker: (@escaping @Sendable (BusError?) -> Void) -> Void
    private var isCaughtUp: Bool
    private var nextOffset: UInt64?
    /// The entry behind which the reader goes on, until the broker has shown it: it comes first where it is kept still.
    private var known: LogEntry?

    init(
        _ session: Session, number: UInt16, log: String, from start: LogStart, _ mailbox: Mailbox<ReadItem>,
        marker: String, appendMarker: @escaping (@escaping @Sendable (BusError?) -> Void) -> Void
    ) {
        self.log = log
        self.mailbox = mailbox
        self.marker = marker
        isCaughtUp = start == .end
        if case .after(let entry) = start { known = entry }
        self.appendMarker = appendMarker
        super.init(session, number: number)
    }

    /// The broker has placed the reader.
    /// - Parameter begun: called once what is appended from now on is behind the end that the reader looks for.
    func begin(_ begun: @escaping @Sendable (BusError?) -> Void) {
        guard !isCaughtUp else {
            mailbox.add(ReadItem(reading: .caughtUp, tag: nil))
            return begun(nil)
        }
        appendMarker(begun)
    }

    override func delivered(_ delivery: AMQPDelivery) {
        guard let offset = delivery.properties.streamOffset else {
            return request(.acknowledge(delivery.tag, multiple: false))
        }
        if let known, known.offset.number == offset {
            self.known = nil
            request(.acknowledge(delivery.tag, multiple: false))
            guard delivery.body == known.payload else {
                mailbox.finish(.otherLog(log))
                return session.close(self)
            }
            nextOffset = offset + 1
            return
        }
        known = nil
        if let expected = nextOffset, offset > expected, !isCaughtUp { appendMarker { _ in } }
        nextOffset = offset + 1
        if delivery.properties.type == Self.markerType {
            request(.acknowledge(delivery.tag, multiple: false))
            guard !isCaughtUp, delivery.properties.messageID == marker else { return }
            isCaughtUp = true
            mailbox.add(ReadItem(reading: .caughtUp, tag: nil))
        } else {
            let entry = LogEntry(offset: LogOffset(number: offset), payload: delivery.body)
            mailbox.add(ReadItem(reading: .entry(entry), tag: delivery.tag))
        }
    }

    /// The log was deleted, or, on a cluster, moves to another node.
    override func cancelled() {
        session.perform([.declareQueuePassively(log)]) { [self] result in
            let error =
                switch result {
                case .success: BusError.disconnected("the broker has cancelled the reader")
                case .failure(let failure): failure.end.error(missing: .noSuchLog(log))
                }
            mailbox.finish(error)
            session.close(self)
        }
    }

    override func ended(_ end: ChannelEnd) {
        mailbox.finish(end.error)
    }
}

extension LogStart {
    /// `x-stream-offset`, the place where RabbitMQ begins. Measured: an offset that is not kept any longer means the
    /// first that is, and one behind the end waits for it.
    var streamOffset: AMQPValue {
        switch self {
        case .first: .text("first")
        case .end: .text("next")
        case .after(let entry): .number(Int64(clamping: entry.offset.number))
        }
    }
}
