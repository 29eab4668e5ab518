import HTTPService
import Logging
import Persistence
import Synchronization
import Telemetry

/// Lets pushes in: whose key it is, whether there is room for one more, and how refusals are delayed and logged.
/// One for all protocols, so that none has a rule less.
final class Admission: Sendable {
    private let keys: StreamKeyRegistry
    private let streams: LiveStreams
    private let metrics: IngestMetrics
    private let logger: Logger
    private let failures = Mutex(FailedKeys())
    /// Look-ups that wait for a key that may still be on its way.
    private let patient = Mutex(0)

    private static let mostPatient = 64
    /// A client that failed so often that its refusals wait longer than this has no new key.
    private static let mostDelayOfPatient = Duration.seconds(2)
    static let sweep = Duration.seconds(10)

    init(keys: StreamKeyRegistry, streams: LiveStreams, metrics: IngestMetrics, logger: Logger) {
        self.keys = keys
        self.streams = streams
        self.metrics = metrics
        self.logger = logger
    }

    /// Lets a push in.
    /// - Parameters:
    ///   - candidates: what may be the key; the first that is one counts.
    ///   - mount: the channel that is pushed to, where the address names one.
    ///   - origin: the protocol, for the log.
    func admit(
        _ candidates: [String], mount: String? = nil, from address: IPAddress, over origin: String
    ) async throws(PushRefusal) -> (StreamKeyHolder, PushPlace) {
        do throws(PushRefusal) {
            let holder = try await holder(of: candidates, from: address)
            if let mount, holder.channelName != mount { throw .wrongChannel(mount) }
            if let seconds = await streams.secondsUntilNewStream(holder) { throw .tooManyStreams(retryAfter: seconds) }
            guard let place = streams.places.enter(holder) else { throw .tooManyPushes }
            return (holder, place)
        } catch {
            metrics.refusedPushes.increment()
            await refused(error, address, origin)
            throw error
        }
    }

    /// A push came without a stream key: counted, delayed and logged as any other refusal.
    func missedKey(from address: IPAddress, over origin: String) async {
        metrics.refusedPushes.increment()
        await refused("There is no stream key.", address, origin)
    }

    /// Who may tell what a channel plays.
    func identify(_ key: String, from address: IPAddress) async throws(PushRefusal) -> StreamKeyHolder {
        do throws(PushRefusal) {
            return try await holder(of: [key], from: address)
        } catch {
            await refused(error, address, "icecast metadata")
            throw error
        }
    }

    private func holder(of candidates: [String], from address: IPAddress) async throws(PushRefusal) -> StreamKeyHolder {
        do {
            let isPatient = delay(of: address) < Self.mostDelayOfPatient && beginPatience()
            defer { if isPatient { patient.withLock { $0 -= 1 } } }
            if let holder = try await keys.holder(of: candidates, isPatient: isPatient) { return holder }
        } catch is CancellationError {
            throw .unavailable
        } catch {
            // Cancelled: the client has left.
            if !Task.isCancelled {
                logger.log(
                    level: .ofTry(error, otherwise: .error), "Stream key not looked up",
                    metadata: ["reason": "\(error)"])
            }
            throw .unavailable
        }
        throw .unknownKey
    }

    private func beginPatience() -> Bool {
        patient.withLock { count in
            guard count < Self.mostPatient else { return false }
            count += 1
            return true
        }
    }

    private func delay(of address: IPAddress) -> Duration {
        failures.withLock { $0.delay(of: FailedKeys.Client(address), at: MonotonicClock.now) }
    }

    private func refused(_ refusal: PushRefusal, _ address: IPAddress, _ origin: String) async {
        // What is the server's own trouble is no failure of the client.
        guard refusal != .unavailable else { return }
        await refused(refusal.sentence, address, origin)
    }

    private func refused(_ reason: String, _ address: IPAddress, _ origin: String) async {
        let delay = delay(of: address)
        let line = failures.withLock { failures in
            failures.failed(
                FailedKeys.Client(address), reason: "\(origin): \(reason)", at: MonotonicClock.now)
        }
        if let line { log(line) }
        // Ends early where the peer has gone.
        try? await Task.sleep(for: delay)
    }

    /// Logs what was counted, until cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.sweep)
            for line in failures.withLock({ $0.lines(at: MonotonicClock.now) }) { log(line) }
        }
    }

    private func log(_ line: FailedKeys.Line) {
        logger.notice(
            "Push refused",
            metadata: ["client": "\(line.client)", "count": "\(line.count)", "reason": "\(line.reason)"])
    }
}
