public import Logging
import Synchronization

/// Tells the log when something that this process depends on fails: one line at the start, one a minute and one at the
/// end, however often it is tried meanwhile and by however many.
public final class Outage: Sendable {
    private struct State {
        let beganAt: ContinuousClock.Instant
        var toldAt: ContinuousClock.Instant
        /// Since when all of it works; nil while it does not.
        var worksSince: ContinuousClock.Instant?
        var reason: String
        var failures = 0
        /// Those that were told of.
        var kinds: Set<String> = []
        /// Parts that fail now, and all that failed since it began.
        var failing: Set<String> = []
        var parts: Set<String> = []
    }

    /// How long it has to work: on a disk that is nearly full something fits now and then.
    static let calm = Duration.seconds(10)
    static let interval = Duration.seconds(60)

    private let dependency: String
    private let partsName: String
    private let level: Logger.Level
    private let logger: Logger
    private let state = Mutex<State?>(nil)

    /// - Parameters:
    ///   - dependency: what fails, as the beginning of a sentence.
    ///   - parts: what its parts are called in the log, where it has any.
    ///   - level: of all lines but the last.
    public init(_ dependency: String, parts: String = "parts", level: Logger.Level = .warning, logger: Logger) {
        self.dependency = dependency
        partsName = parts
        self.level = level
        self.logger = logger
    }

    /// A try failed.
    /// - Parameters:
    ///   - reason: in words.
    ///   - kind: one of a few. The first failure of another kind is a line of its own: what was only away may want
    ///     something else when it is back.
    ///   - part: one of a few; the outage is over when all of them work.
    public func failed(
        _ reason: String, kind: String = "", part: String? = nil, at now: ContinuousClock.Instant = .now
    ) {
        // Of the one before, should nobody have looked since.
        tellEnd(at: now)
        let (isNews, told) = state.withLock { state in
            var current = state ?? State(beganAt: now, toldAt: now, reason: reason)
            defer { state = current }
            current.worksSince = nil
            current.reason = reason
            current.failures += 1
            current.failing.insert(part ?? "")
            if let part { current.parts.insert(part) }
            let isNews = current.kinds.insert(kind).inserted
            guard isNews || now - current.toldAt >= Self.interval else { return (isNews, nil as State?) }
            current.toldAt = now
            return (isNews, current)
        }
        guard let told else { return }
        if isNews { say("fails", told) } else { sayStill(told, now) }
    }

    /// A try succeeded.
    public func worked(part: String? = nil, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            guard var current = state else { return }
            current.failing.remove(part ?? "")
            if current.failing.isEmpty, current.worksSince == nil { current.worksSince = now }
            state = current
        }
        tick(at: now)
    }

    /// Says what is due, where nobody tries any more.
    public func tick(at now: ContinuousClock.Instant = .now) {
        tellEnd(at: now)
        let told = state.withLock { state in
            guard let current = state, current.worksSince == nil, now - current.toldAt >= Self.interval else {
                return nil as State?
            }
            state?.toldAt = now
            return current
        }
        if let told { sayStill(told, now) }
    }

    private func tellEnd(at now: ContinuousClock.Instant) {
        let ended = state.withLock { state in
            guard let current = state, let end = current.worksSince, now - end >= Self.calm else {
                return nil as (state: State, end: ContinuousClock.Instant)?
            }
            state = nil
            return (current, end)
        }
        if let ended { say("works again", ended.state, lasted: ("lasted", ended.end - ended.state.beganAt)) }
    }

    private func sayStill(_ state: State, _ now: ContinuousClock.Instant) {
        say("still fails", state, lasted: ("for", now - state.beganAt))
    }

    private func say(_ what: String, _ state: State, lasted: (name: String, time: Duration)? = nil) {
        let isOver = state.worksSince != nil
        var metadata: Logger.Metadata = [:]
        if !isOver { metadata["reason"] = "\(state.reason)" }
        if let lasted {
            metadata[lasted.name] = "\(lasted.time.components.seconds) s"
            metadata["failures"] = "\(state.failures)"
        }
        if !state.parts.isEmpty { metadata[partsName] = "\(state.parts.sorted().joined(separator: ", "))" }
        logger.log(level: isOver ? .notice : level, "\(dependency) \(what)", metadata: metadata)
    }
}
