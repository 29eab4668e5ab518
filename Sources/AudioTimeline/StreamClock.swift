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
        /// The longest delay that evening out may cost: fragments of ten seconds, as video beside the audio makes them.
        public var longestDelayNanoseconds: Int64 = 12_000_000_000
        /// How far the audio may reach beyond real time when the encoder ends the stream.
        public var tailNanoseconds: Int64 = 30_000_000_000
        /// Bytes of packets that wait to be placed.
        public var pendingBytes = 16 << 20

        public init() {}
    }

    public enum Refusal: Error, Equatable {
        /// The codec's set-up data cannot be read.
        case unreadableConfiguration
        /// A rate that cannot be brought to 48 kHz, samples a second.
        case unsupportedRate(Int)
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

        /// What the packet counts against `Limits.pendingBytes`: an empty one takes memory too.
        var cost: Int { payload.readableBytes + 64 }
    }

    enum Pending: Sendable {
        /// A connection's first configuration, or a new one: a leg begins with the next packet.
        case configuration(CodecConfiguration, isNewConnection: Bool)
        case packet(Packet)
        case nowPlaying(NowPlaying)
    }

    public let epoch: UInt32
    let limits: Limits

    var pending = CircularBuffer<Pending>()
    var pendingBytes = 0
    var pendingNanoseconds: Int64 = 0
    var pendingPackets = 0
    /// Of these, how many a connection left behind that another has taken over from since.
    var supersededPackets = 0
    /// Arrival of the packet that was placed last.
    var lastDelivery: Int64?
    var counter: PacketCounter?
    var arrivingRate: Int64 = Timeline.sampleRate
    var arrivingCodec = AudioCodec.aac
    private var changes = ChangeAllowance()

    /// Monotonic time of position 0; nil while probing.
    var anchor: Int64?
    /// Packets that are looked at until it is clear when they were captured.
    var gathering: Gathering?
    /// Where the next packet behind a silence belongs, in nanoseconds from position 0.
    var resumption: Int64?
    /// Monotonic time before which nothing that waits was captured: when the connection began, or the audio before stopped.
    var captureFloor: Int64?
    /// When packets last came too late because they came together.
    var lastLateBurst: Int64?
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

    // MARK: Events

    /// The source announces how its packets are coded: at the start of a connection, and when it changes.
    ///
    /// - Parameter connectedAt: when a new connection began, from which on it may have kept audio back; nil when that is not
    ///   known.
    public mutating func configured(
        _ configuration: CodecConfiguration, isNewConnection: Bool, connectedAt: Int64? = nil
    ) throws(Refusal) {
        guard CodecConfiguration.sampleRates.contains(configuration.sampleRate) else {
            throw .unsupportedRate(configuration.sampleRate)
        }
        guard let counter = PacketCounter(configuration) else { throw .unreadableConfiguration }
        var isNewConnection = isNewConnection
        let replaced = removeTrailing { if case .configuration = $0 { true } else { false } }
        if case .configuration(_, let wasNew)? = replaced { isNewConnection = isNewConnection || wasNew }
        // One that is replaced before a packet came costs nothing.
        guard replaced != nil || changes.allows(at: edge) else { throw .restlessConfiguration }
        self.counter = counter
        arrivingRate = Int64(configuration.sampleRate)
        arrivingCodec = configuration.codec
        isConnected = true
        if isNewConnection {
            gathering = nil
            captureFloor = connectedAt
            if anchor != nil { supersededPackets = pendingPackets }
        }
        pending.append(.configuration(configuration, isNewConnection: isNewConnection))
    }

    /// A packet came.
    ///
    /// - Parameters:
    ///   - timestamp: of the first sample that the decoder gives, heard or not.
    ///   - trim: what the container cuts off; Opus' pre-skip comes on top.
    ///   - arrival: when its last byte came, where that was before `now`.
    public mutating func packetArrived(
        _ payload: ByteBuffer, timestamp: MediaTimestamp?, trim: PacketTrim = .none, arrival: Int64? = nil, now: Int64
    ) throws(Refusal) {
        guard counter != nil else { throw .noConfiguration }
        guard let span = counter?.span(of: payload, trim: trim) else { throw .brokenPacket }
        guard span.length > 0 || payload.readableBytes > 0 else { return }
        // The time of its first sample that is heard; one that is only decoded lies before all that is counted.
        let skipped = Int64(span.skip) * 1_000_000_000 / arrivingRate
        let stamped = span.length > 0 ? timestamp : nil
        let packet = Packet(
            payload: payload, span: span, nanoseconds: Int64(span.length) * 1_000_000_000 / arrivingRate,
            timestamp: stamped?.advanced(byNanoseconds: skipped)?.nanoseconds, arrival: min(arrival ?? now, now))
        guard pendingBytes + packet.cost <= limits.pendingBytes else { throw .overflow }
        gather(packet, now: now)
        pending.append(.packet(packet))
        pendingBytes += packet.cost
        pendingNanoseconds += packet.nanoseconds
        pendingPackets += 1
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

    /// The stream is over; what waits is placed at once, as far as it may lie ahead of real time.
    public mutating func ended(now: Int64) {
        guard !hasEnded else { return }
        if anchor == nil, pendingPackets > 0 { settle(now: now) }
        let farthest = present(now: now) + Timeline.samples(nanoseconds: limits.tailNanoseconds)
        while let next = pending.first {
            if case .packet = next, edge >= farthest { dropNext() } else { placeNext(now: now) }
        }
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
        guard let anchor, !awaitsResumption else { return pendingNanoseconds - (now - (captureFloor ?? now)) }
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
        guard let anchor else { return gatheringEnd }
        if pendingPackets > 0, awaitsResumption, let gatheringEnd { return max(now + 1_000_000, gatheringEnd) }
        if !pending.isEmpty || placement.hasSuspects {
            let due = anchor + Timeline.nanoseconds(samples: edge) + (delay > 0 ? delay : -Self.earliness)
            return max(now + 5_000_000, min(due, now + 100_000_000))
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
            guard let gatheringEnd else { return }
            if now < gatheringEnd && isConnected { return }
            settle(now: now)
        }
        while let next = pending.first {
            if supersededPackets > 0, case .packet = next, edge >= present(now: min(now, captureFloor ?? now)) {
                // The connection ran ahead of real time, and is gone: the one that took over goes on where that stands.
                dropNext()
            } else if isDue(next, now: now) {
                placeNext(now: now)
            } else {
                break
            }
        }
        if placement.suspectsWait(since: now) { resolveSuspects(now: now) }
        if pending.isEmpty { fillWithSilence(now: now) }
    }

    /// Nothing is placed before its time: a file, or a piece of one that is longer than the source may be ahead, waits here
    /// and not in players.
    private func isDue(_ next: Pending, now: Int64) -> Bool {
        guard case .packet = next else { return true }
        if awaitsResumption { return !isConnected || gatheringEnd.map { now >= $0 } ?? true }
        if resumption != nil { return true }
        if case .none = placement { return true }
        let ahead = Timeline.nanoseconds(samples: edge - playhead(now: now))
        return ahead <= (delay > 0 ? 0 : Self.earliness - placement.heldNanoseconds)
    }

    /// Takes what comes next without placing it.
    mutating func dropNext() {
        guard case .packet(let packet)? = pending.popFirst() else { return }
        uncount(packet)
    }

    private mutating func uncount(_ packet: Packet) {
        pendingBytes -= packet.cost
        pendingNanoseconds -= packet.nanoseconds
        pendingPackets -= 1
        supersededPackets = max(0, supersededPackets - 1)
    }

    private mutating func placeNext(now: Int64) {
        switch pending.removeFirst() {
        case .configuration(let configuration, let isNewConnection):
            confirmSuspects()
            endLeg()
            var isNewConnection = isNewConnection
            if case .waiting(_, let wasNew, _) = placement { isNewConnection = isNewConnection || wasNew }
            if isNewConnection { resumption = nil }
            placement = .waiting(configuration, isNewConnection: isNewConnection, previous: nil)
        case .nowPlaying(let nowPlaying):
            open.items.append(.nowPlaying(nowPlaying, position: edge))
        case .packet(let packet):
            uncount(packet)
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
        if !isSilent { silenceBegins() }
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
        legCount &+= 1
        resumption = nil
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
