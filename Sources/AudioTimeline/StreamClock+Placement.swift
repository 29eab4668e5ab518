/// Where a leg stands in relation to the clock.
enum LegPlacement: Sendable {
    /// No source yet.
    case none
    /// A leg begins with the next packet; `previous` relates its timestamps to the clock when the source is the same
    /// as before a silence.
    case waiting(CodecConfiguration, isNewConnection: Bool, previous: TimestampRelation?)
    case leg(PlacedLeg)

    var hasSuspects: Bool {
        if case .leg(let placed) = self { !placed.suspects.isEmpty } else { false }
    }

    /// The length of all that is held.
    var heldNanoseconds: Int64 {
        guard case .leg(let placed) = self else { return 0 }
        return placed.suspects.reduce(0) { $0 + $1.nanoseconds }
    }

    /// Whether packets have been held for longer than it takes to tell a gap from a stray timestamp.
    func suspectsWait(since now: Int64) -> Bool {
        guard case .leg(let placed) = self, let first = placed.suspects.first else { return false }
        return now - first.arrival > 250_000_000
    }
}

/// A timestamp of the container and the position that it stands for.
struct TimestampRelation: Sendable {
    var timestamp: Int64
    var position: Int64

    func position(of timestamp: Int64) -> Int64 {
        position + Timeline.samples(nanoseconds: timestamp - self.timestamp)
    }

    /// The same in nanoseconds from position 0.
    func nanoseconds(of timestamp: Int64) -> Int64 {
        Timeline.nanoseconds(samples: position) + timestamp - self.timestamp
    }
}

/// The leg that packets are being added to.
struct PlacedLeg: Sendable {
    var leg: Leg
    /// Samples of the source placed so far.
    var samples: Int64 = 0
    /// Timestamp that the leg's sample 0 has by all that is known; it follows slow drift.
    var base: Int64?
    /// Packets whose timestamps do not continue those before them, held until it is clear what that means.
    var suspects: [StreamClock.Packet] = []
    var suspectDeviation: Int64 = 0

    var timestamps: TimestampRelation? {
        base.map { TimestampRelation(timestamp: $0, position: leg.start) }
    }

    func nanoseconds(samples: Int64) -> Int64 {
        let rate = Int64(leg.configuration.sampleRate)
        let (seconds, rest) = samples.quotientAndRemainder(dividingBy: rate)
        return seconds * 1_000_000_000 + rest * 1_000_000_000 / rate
    }

    /// How far `timestamp`, which is bounded, lies from where the leg's sample `samples` is expected.
    func deviation(of timestamp: Int64, at samples: Int64) -> Int64 {
        guard let base else { return 0 }
        return timestamp - base - nanoseconds(samples: samples)
    }
}

extension StreamClock {
    /// A real gap stays and exceeds this.
    private static let gap: Int64 = 100_000_000
    /// So many packets in a row that agree make a gap.
    private static let witnesses = 5

    mutating func place(_ packet: Packet, now: Int64) {
        switch placement {
        case .none: return
        case .waiting(let configuration, let isNewConnection, let previous):
            begin(
                with: packet, configuration: configuration, isNewConnection: isNewConnection, previous: previous,
                now: now)
        case .leg(let placed): extend(placed, with: packet, now: now)
        }
    }

    private mutating func begin(
        with packet: Packet, configuration: CodecConfiguration, isNewConnection: Bool, previous: TimestampRelation?,
        now: Int64
    ) {
        var packet = packet
        if awaitsResumption { resume(with: packet, previous: previous, isNewConnection: isNewConnection, now: now) }
        if let resumption {
            // Late data for a stretch already filled: the live edge wins.
            guard cut(&packet, at: resumption, rate: configuration.sampleRate) else { return }
            silence(until: Timeline.samples(nanoseconds: resumption))
        }
        lateSince = nil
        let leg = Leg(number: legCount, start: edge, configuration: configuration)
        beginLeg(leg)
        placement = .leg(PlacedLeg(leg: leg, base: packet.timestamp))
        append(packet)
    }

    private mutating func extend(_ placed: PlacedLeg, with packet: Packet, now: Int64) {
        guard let timestamp = packet.timestamp else {
            confirmSuspects()
            return append(packet)
        }
        var placed = placed
        let held = placed.suspects.reduce(Int64(0)) { $0 + Int64($1.span.length) }
        let deviation = placed.deviation(of: timestamp, at: placed.samples + held)
        if placed.suspects.isEmpty {
            if abs(deviation) <= Self.gap {
                // Encoders' clocks drift against their own sample count; following slowly keeps drift from ever
                // looking like a gap.
                placed.base = (placed.base ?? timestamp - placed.nanoseconds(samples: placed.samples)) + deviation / 256
                placement = .leg(placed)
                return append(packet)
            }
            placed.suspects = [packet]
            placed.suspectDeviation = deviation
            placement = .leg(placed)
            return
        }
        if abs(deviation) <= Self.gap {
            confirmSuspects()
            return append(packet)
        }
        if abs(deviation - placed.suspectDeviation) > Self.gap {
            confirmSuspects()
            return suspect(packet, deviation: deviation)
        }
        placed.suspects.append(packet)
        placement = .leg(placed)
        if placed.suspects.count >= Self.witnesses { jump(placed, now: now) }
    }

    private mutating func suspect(_ packet: Packet, deviation: Int64) {
        guard case .leg(var placed) = placement else { return }
        placed.suspects = [packet]
        placed.suspectDeviation = deviation
        placement = .leg(placed)
    }

    /// The timestamps have left the count for good.
    private mutating func jump(_ placed: PlacedLeg, now: Int64) {
        let first = placed.suspects[0]
        var target = placed.timestamps?.position(of: first.timestamp ?? 0) ?? edge
        // Timestamps ahead of real time are wrong: nothing is missing but what the packet's arrival shows.
        if target > present(now: now) {
            target = present(now: first.arrival) - Timeline.samples(nanoseconds: first.nanoseconds)
        }
        var placed = placed
        let suspects = placed.suspects
        placed.suspects = []
        guard Timeline.nanoseconds(samples: target - edge) > Self.gap / 2 else {
            // They went back, or ran ahead of real time: nothing is missing, the count goes on.
            placed.base = (first.timestamp ?? 0) - placed.nanoseconds(samples: placed.samples)
            placement = .leg(placed)
            for packet in suspects { append(packet) }
            return
        }
        placement = .leg(placed)
        silence(until: target)
        let leg = Leg(number: legCount, start: edge, configuration: placed.leg.configuration)
        beginLeg(leg)
        placement = .leg(PlacedLeg(leg: leg, base: first.timestamp))
        for packet in suspects { append(packet) }
    }

    /// What was held for long enough is a gap when several packets agree on it.
    mutating func resolveSuspects(now: Int64) {
        guard case .leg(let placed) = placement, placed.suspects.count > 1 else { return confirmSuspects() }
        jump(placed, now: now)
    }

    /// Whatever is held goes on where the count stands.
    mutating func confirmSuspects() {
        guard case .leg(var placed) = placement, !placed.suspects.isEmpty else { return }
        let suspects = placed.suspects
        placed.suspects = []
        placement = .leg(placed)
        for packet in suspects { append(packet) }
    }

    private mutating func append(_ packet: Packet) {
        guard case .leg(var placed) = placement else { return }
        let position = placed.samples
        placed.samples += Int64(packet.span.length)
        placement = .leg(placed)
        let end = placed.leg.position(ofSample: placed.samples)
        if let anchor {
            observeLump(packet, lateness: packet.arrival - anchor - Timeline.nanoseconds(samples: edge))
            drift.observe(lateness: packet.arrival - anchor - Timeline.nanoseconds(samples: end))
        }
        let placedPacket = SourcePacket(
            position: position, length: packet.span.length, skip: packet.span.skip, payload: packet.payload)
        append(.packet(placedPacket), until: end)
    }
}
