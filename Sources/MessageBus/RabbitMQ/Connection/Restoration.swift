import NIOCore

/// What has to be requested on a new connection before it is used. One step at a time; what is not there yet after a
/// restart of the broker is tried again for a while.
struct Restoration {
    static let pause = Duration.milliseconds(50)
    /// Then it is left to whoever uses it.
    private static let patience = Duration.seconds(15)

    private var steps: CircularBuffer<[AMQPRequest]>
    /// Until when all steps that are left are recovering, if the last one is.
    private var notBefore: ContinuousClock.Instant?
    private var current: [AMQPRequest]?
    private let deadline = ContinuousClock.now + Self.patience

    init(_ steps: [[AMQPRequest]]) {
        self.steps = CircularBuffer(steps)
    }

    var isDone: Bool { steps.isEmpty && current == nil }

    /// The next step, unless one is under way or it is too early.
    mutating func next(now: ContinuousClock.Instant) -> [AMQPRequest]? {
        guard current == nil, notBefore.map({ $0 <= now }) ?? true else { return nil }
        notBefore = nil
        current = steps.popFirst()
        return current
    }

    mutating func finish(isRecovering: Bool, now: ContinuousClock.Instant = .now) {
        if isRecovering, now < deadline, let current {
            steps.append(current)
            notBefore = now + Self.pause
        }
        current = nil
    }
}
