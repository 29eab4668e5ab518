public import NIOCore

/// The clock of one epoch of a stream: packets as they arrive go in, batches placed on the 48 kHz clock come out.
///
/// Pure: the caller says what time it is. Times are nanoseconds of a monotonic clock, timestamps nanoseconds of the
/// container's. Positions are counted from the codec's frames; timestamps only reveal gaps.
public struct StreamClock: Sendable {
    public struct Limits: Sendable {
        /// Media looked at before the first batch, to find out when sample 0 was captured.
        public var probeNanoseconds: Int64 = 500_000_000
        /// How far the clock may fall behind real time before a source that still is connected counts as silent.
        public var stallNanoseconds: Int64 = 2_000_000_000
        /// How far a source may run ahead of real time before it is no longer read.
        public var leadNanoseconds: Int64 = 5_000_000_000
        /// Lumps above this are evened out.
        public var lumpNanoseconds: Int64 = 300_000_000
        /// The longest delay that evening out may cost.
        public var longestDelayNanoseconds: Int64 = 5_000_000_000
        /// Bytes of packets that wait to be placed.
        public var pendingBytes = 16 << 20

        public init() {}
    }

    public enum Refusal: Error, Equatable {
        /// The codec's set-up data cannot be read.
        case unreadableConfiguration
        /// The configuration changes so often that decoders would do nothing but begin.
        case restlessConfiguration
        /// A packet before any configuration.
        case noConfiguration
        /// A packet whose length cannot be told; it is left out.
        case brokenPacket
        /// More bytes wait than the limit allows.
        case overflow
    }

    struct Packet: Sendable {
        var payload: ByteBuffer
        var span: PacketSpan
        var nanoseconds: Int64
        var timestamp: Int64?
        var arrival: Int64
    }

    enum Pending: Sendable {
        /// A connection's first configuration, or a new one: a leg begins with the next packet.
        case configuration(CodecConfiguration, isNewConnection: Bool)
        case packet(Packet)
        case nowPlaying(NowPlaying)
    }

    public let epoch: UInt32
    let limits: Limits

    var pending: [Pending] = []
    var pendingBytes = 0
    var pendingNanoseconds: Int64 = 0
    var counter: PacketCounter?
    var arrivingRate: Int64 = Timeline.sampleRate
    private var changes = ChangeAllowance()

    /// Monotonic time of position 0; nil while probing.
    var anchor: Int64?
    var firstArrival: Int64?
    let wallOffsetMicroseconds: Int64
    var drift = DriftFilter()
    var lumps = LatenessWindow()

    var edge: Int64 = 0
    var legCount: UInt32 = 0
    var placement = LegPlacement.none
    var isConnected = false
    var isSilent = false
    var lateSince: Int64?
    var cutter = BatchCutter()
    var open: (leg: Leg?, items: [SourceItem]) = (nil, [])
    var batches: [SourceBatch] = []
    var batchCount: UInt64 = 0
    public private(set) var hasEnded = false

    /// - Parameter wallOffsetMicroseconds: what added to the monotonic clock, in microseconds, gives the date.
    public init(epoch: UInt32, wallOffsetMicroseconds: Int64, limits: Limits = Limits()) {
        self.epoch = epoch
        self.wallOffsetMicroseconds = wallOffsetMicroseconds
        self.limits = limits
    }

    /// Rates that can be brought to 48 kHz; what lies outside is refused, and would overflow what is counted with it.
    private static let sampleRates = 7_350...192_000
    /// Timestamps further from 0 than this, 36 years, are taken as missing.
    private static let farthestTimestamp: UInt64 = 1 << 60
    /// A burst at the start of a connection is over after this.
    private static let burstNanoseconds: Int64 = 50_000_000

    /// So much media in a burst may have been captured before it arrived.
    private static let longestLump: Int64 = 1_500_000_000

    /// What a packet counts against `Limits.pendingBytes`: an empty one takes memory too.
    private static func cost(of payload: ByteBuffer) -> Int { payload.readableBytes + 64 }

    // MARK: Events

    /// The source announces how its packets are coded: at the start of a connection, and when it changes.
    public mutating func configured(_ configuration: CodecConfiguration, isNewConnection: Bool) throws(Refusal) {
        guard Self.sampleRates.contains(configuration.sampleRate), let counter = PacketCounter(configuration) else {
            throw .unreadableConfiguration
        }
        var isNewConnection = isNewConnection
        let replaced = removeTrailing { if case .configuration = $0 { true } else { false } }
        if case .configuration(_, let wasNew)? = replaced { isNewConnection = isNewConnection || wasNew }
        // One that is replaced before a packet came costs nothing.
        guard replaced != nil || changes.allows(at: edge) else { throw .restlessConfiguration }
        self.counter = counter
        arrivingRate = Int64(configuration.sampleRate)
        isConnected = true
        pending.append(.configuration(configuration, isNewConnection: isNewConnection))
    }

    /// A packet came.
    ///
    /// - Parameters:
    ///   - timestamp: of the first sample that the decoder gives, heard or not.
    ///   - trim: what the container cuts off; Opus' pre-skip comes on top.
    public mutating func packetArrived(
        _ payload: ByteBuffer, timestamp: Int64?, trim: PacketTrim = .none, now: Int64
    ) throws(Refusal) {
        guard counter != nil else { throw .noConfiguration }
        guard let span = counter?.span(of: payload, trim: trim) else { throw .brokenPacket }
        guard span.length > 0 || payload.readableBytes > 0 else { return }
        guard pendingBytes + Self.cost(of: payload) <= limits.pendingBytes else { throw .overflow }
        // The time of its first sample that is heard; one that is only decoded lies before all that is counted.
        let skipped = Int64(span.skip) * 1_000_000_000 / arrivingRate
        let stamped = span.length > 0 ? timestamp : nil
        let packet = Packet(
            payload: payload, span: span, nanoseconds: Int64(span.length) * 1_000_000_000 / arrivingRate,
            timestamp: stamped.flatMap { $0.magnitude < Self.farthestTimestamp ? $0 + skipped : nil }, arrival: now)
        pending.append(.packet(packet))
        pendingBytes += Self.cost(of: payload)
        pendingNanoseconds += packet.nanoseconds
        if firstArrival == nil { firstArrival = now }
        advance(now: now)
    }

    public mutating func nowPlayingChanged(_ nowPlaying: NowPlaying, now: Int64) {
        guard !hasEnded else { return }
        _ = removeTrailing { if case .nowPlaying = $0 { true } else { false } }
        pending.append(.nowPlaying(nowPlaying))
        advance(now: now)
    }

    /// The connection is gone without a clean end: silence follows in real time until another configures itself.
    public mutating func connectionLost(now: Int64) {
        isConnected = false
        counter = nil
        advance(now: now)
    }

    /// Time passed, and all that the socket had was read.
    public mutating func timePassed(now: Int64) {
        advance(now: now)
    }

    /// The stream is over; what waits is placed at once.
    public mutating func ended(now: Int64) {
        guard !hasEnded else { return }
        if anchor == nil, firstArrival != nil { settle(now: now) }
        while !pending.isEmpty { placeNext(now: now) }
        confirmSuspects()
        endLeg()
        open.items.append(.end(position: edge))
        flush()
        hasEnded = true
    }

    /// Batches that are complete, oldest first.
    public mutating func takeBatches() -> [SourceBatch] {
        defer { batches = [] }
        return batches
    }

    // MARK: What the shell asks

    /// How far the source has run ahead of real time; above `Limits.leadNanoseconds` it is not to be read.
    public func lead(now: Int64) -> Int64 {
        guard let anchor else { return firstArrival.map { pendingNanoseconds - (now - $0) } ?? 0 }
        return Timeline.nanoseconds(samples: edge) + pendingNanoseconds - (now - anchor)
    }

    /// Position of the clock: where the next sample goes.
    public var position: Int64 { edge }

    /// The delay that evens out lumps, in nanoseconds.
    public var delay: Int64 {
        let lateness = lumps.longest
        return lateness > limits.lumpNanoseconds ? min(lateness, limits.longestDelayNanoseconds) : 0
    }

    /// When `timePassed` is needed next, if nothing arrives before.
    public func nextWake(now: Int64) -> Int64? {
        guard !hasEnded else { return nil }
        guard let anchor else { return probeEnd }
        if !pending.isEmpty || placement.hasSuspects {
            return max(now + 5_000_000, min(anchor + Timeline.nanoseconds(samples: edge) + delay, now + 100_000_000))
        }
        return now + (isConnected && !isSilent ? 100_000_000 : 50_000_000)
    }

    /// Of several of a kind without a packet between them, only the last counts.
    private mutating func removeTrailing(_ isReplaced: (Pending) -> Bool) -> Pending? {
        for index in pending.indices.reversed() {
            if case .packet = pending[index] { return nil }
            if isReplaced(pending[index]) { return pending.remove(at: index) }
        }
        return nil
    }

    // MARK: Advancing

    private mutating func advance(now: Int64) {
        guard !hasEnded else { return }
        if anchor == nil {
            guard let probeEnd else { return }
            if now < probeEnd && isConnected { return }
            settle(now: now)
        }
        while let next = pending.first, isDue(next, now: now) { placeNext(now: now) }
        if placement.suspectsWait(since: now) { resolveSuspects(now: now) }
        if pending.isEmpty { fillWithSilence(now: now) }
    }

    /// When enough was looked at: as soon as the probe is full, but not in the midst of a burst that came at once, of
    /// which only the last packet tells the time.
    private var probeEnd: Int64? {
        guard let firstArrival else { return nil }
        return firstArrival
            + (pendingNanoseconds < limits.probeNanoseconds
                ? limits.probeNanoseconds : min(Self.burstNanoseconds, limits.probeNanoseconds))
    }

    /// Fixes the clock: sample 0 was captured when the newest packet arrived, less all that came before.
    private mutating func settle(now: Int64) {
        var end: Int64 = 0
        var earliest: Int64?
        for case .packet(let packet) in pending {
            end += packet.nanoseconds
            earliest = min(earliest ?? .max, packet.arrival - end)
        }
        // Encoders deliver in lumps of a second; more at once is a file, which runs ahead of real time.
        anchor = max(earliest ?? now, (firstArrival ?? now) - Self.longestLump)
    }

    private func isDue(_ next: Pending, now: Int64) -> Bool {
        guard case .packet = next, case .leg = placement, !isSilent, delay > 0 else { return true }
        return playhead(now: now) >= edge
    }

    private mutating func placeNext(now: Int64) {
        switch pending.removeFirst() {
        case .configuration(let configuration, let isNewConnection):
            confirmSuspects()
            endLeg()
            var isNewConnection = isNewConnection
            if case .waiting(_, let wasNew, _) = placement { isNewConnection = isNewConnection || wasNew }
            placement = .waiting(configuration, isNewConnection: isNewConnection, previous: nil)
        case .nowPlaying(let nowPlaying):
            open.items.append(.nowPlaying(nowPlaying, position: edge))
        case .packet(let packet):
            pendingBytes -= Self.cost(of: packet.payload)
            pendingNanoseconds -= packet.nanoseconds
            place(packet, now: now)
        }
    }

    /// Where real time stands, less the delay that evens out lumps.
    func playhead(now: Int64) -> Int64 {
        guard let anchor else { return 0 }
        return Timeline.samples(nanoseconds: max(0, now - anchor - delay))
    }

    /// Where real time stands: nothing that has arrived lies behind it.
    func present(now: Int64) -> Int64 {
        guard let anchor else { return 0 }
        return Timeline.samples(nanoseconds: max(0, now - anchor))
    }

    private mutating func fillWithSilence(now: Int64) {
        let playhead = playhead(now: now)
        guard playhead > edge else { return }
        if isConnected && !isSilent {
            guard Timeline.nanoseconds(samples: playhead - edge) > limits.stallNanoseconds else { return }
        }
        confirmSuspects()
        silence(until: playhead)
    }

    // MARK: Writing

    mutating func silence(until position: Int64) {
        guard position > edge else { return }
        if case .leg(let placed) = placement {
            endLeg()
            placement = .waiting(placed.leg.configuration, isNewConnection: false, previous: placed.timestamps)
        }
        open.items.append(.silence(start: edge, length: position - edge))
        isSilent = true
        moved(to: position)
    }

    mutating func endLeg() {
        guard case .leg(let placed) = placement else { return }
        open.items.append(.legEnd(position: placed.leg.position(ofSample: placed.samples)))
        placement = .none
    }

    mutating func beginLeg(_ leg: Leg) {
        flush()
        cutter.legBegan(sampleRate: leg.configuration.sampleRate)
        open.leg = leg
        legCount += 1
        isSilent = false
    }

    mutating func append(_ item: SourceItem, until position: Int64) {
        open.items.append(item)
        moved(to: position)
    }

    private mutating func moved(to position: Int64) {
        let segment = edge / Timeline.segmentSamples
        edge = position
        if position / Timeline.segmentSamples != segment, let shift = drift.segmentPassed() { anchor? += shift }
        if cutter.cuts(at: position) { flush() }
    }

    private mutating func flush() {
        guard !open.items.isEmpty else { return }
        let date = (anchor ?? 0) / 1000 + wallOffsetMicroseconds
        batches.append(
            SourceBatch(
                epoch: epoch, sequence: batchCount, epochDateMicroseconds: date, leg: open.leg, items: open.items))
        batchCount += 1
        open.items = []
        if case .leg = placement {} else { open.leg = nil }
    }
}
