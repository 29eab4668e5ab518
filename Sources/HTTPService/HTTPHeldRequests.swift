import NIOCore

/// The requests of one event loop that wait for an answer which all who ask in the same words share.
///
/// A thousand listeners ask for the next part and the next playlist at a time: the responders see one of them, and the
/// answer is handed out in one go.
struct HTTPHeldRequests {
    /// Those that wait together.
    final class Gathering {
        fileprivate let began: NIODeadline
        private let observer: HTTPSharedAnswer.Observer?
        private var waiters: [(connection: HTTPConnectionHandler, number: Int)] = []

        fileprivate init(_ observer: HTTPSharedAnswer.Observer?, at now: NIODeadline) {
            self.observer = observer
            began = now
        }

        func add(_ connection: HTTPConnectionHandler, number: Int) { waiters.append((connection, number)) }

        /// In the order in which they came. Whoever has left in the meantime gets nothing.
        func finish(_ answer: HTTPAnswer) {
            let waiters = waiters
            self.waiters = []
            for (connection, number) in waiters {
                if let observer, case .response(let response) = answer, let request = connection.request(number) {
                    observer(request, response)
                }
                connection.resume(number, with: answer)
            }
        }
    }

    /// Those who come later ask for themselves, so that nobody is told after a moment that the wait was too long.
    static let joining = TimeAmount.seconds(1)

    private var byTarget: [ByteBufferView: Gathering] = [:]

    /// Whom a request may join.
    func gathering(for head: borrowing HTTPRequestHead, at now: NIODeadline) -> Gathering? {
        guard !byTarget.isEmpty, head.isPlainRead, let gathering = byTarget[head.rawTarget],
            now < gathering.began + Self.joining
        else { return nil }
        return gathering
    }

    mutating func begin(
        _ head: HTTPRequestHead, _ observer: HTTPSharedAnswer.Observer?, at now: NIODeadline
    ) -> Gathering {
        let gathering = Gathering(observer, at: now)
        // A copy: the target's own bytes lie in what the connection read.
        if head.isPlainRead { byTarget[ByteBuffer(bytes: head.rawTarget).readableBytesView] = gathering }
        return gathering
    }

    /// Nobody joins any more.
    mutating func end(_ gathering: Gathering, of head: HTTPRequestHead) {
        guard head.isPlainRead, byTarget[head.rawTarget] === gathering else { return }
        byTarget[head.rawTarget] = nil
    }
}
