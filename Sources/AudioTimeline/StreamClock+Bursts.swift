import NIOCore

/// Packets that are being looked at before it is decided when they were captured.
struct Gathering: Sendable {
    /// When the clock was told of the first.
    var began: Int64
    /// When it was told of the last that came sooner behind the one before than it lasts.
    var burstEnd: Int64
    /// When the last arrived.
    var arrival: Int64
}

/// When was it captured? What arrives together was recorded one after the other, and only the end of a burst tells the time:
/// a page of Ogg that holds half a minute of silence is sent when its last sample was captured.
extension StreamClock {
    /// A source may be so much ahead before its packets wait for their time; the dates follow such a source slowly.
    static let earliness: Int64 = 200_000_000
    /// A burst is over after this, one that is longer than a stall after the second.
    private static let quiet: (short: Int64, long: Int64) = (50_000_000, 200_000_000)
    /// So much media in a burst may have been captured before the connection began: encoders deliver in lumps of a second.
    /// More at once is a file, which runs ahead of real time.
    private static let longestLump: Int64 = 1_500_000_000
    /// Timestamps and arrivals that differ by no more than this agree.
    private static let agreement: Int64 = 500_000_000
    /// Packets that are late by their timestamps are dropped for at most so long before these are no longer believed.
    private static let longestLateness: Int64 = 3_000_000_000
    /// A second burst within this makes a habit.
    private static let habit: Int64 = 30_000_000_000
    /// Bits a second below which nothing is heard: silence has some 1,000 in Vorbis and up to 5,000 in FLAC, speech has
    /// 6,000 in Opus and 100,000 in FLAC.
    private var leastBitRate: Int64 { arrivingCodec == .flac ? 20_000 : 4_000 }

    /// Whether the next packet begins a leg at a place that only its arrival tells, which is not decided yet.
    var awaitsResumption: Bool {
        guard legCount > 0, resumption == nil, case .waiting(_, let isNewConnection, _) = placement else {
            return false
        }
        return isNewConnection || isSilent
    }

    mutating func gather(_ packet: Packet, now: Int64) {
        if captureFloor == nil { captureFloor = packet.arrival }
        guard var gathering else {
            return self.gathering = Gathering(began: now, burstEnd: now, arrival: packet.arrival)
        }
        if packet.arrival - gathering.arrival < packet.nanoseconds / 2 { gathering.burstEnd = now }
        gathering.arrival = packet.arrival
        self.gathering = gathering
    }

    /// When enough was looked at: not in the midst of a burst, and at the beginning of a stream not before there is some
    /// media to tell the time by.
    var gatheringEnd: Int64? {
        guard let gathering else { return nil }
        let longest = gathering.began + limits.probeNanoseconds
        if anchor == nil, pendingNanoseconds < limits.probeNanoseconds { return longest }
        return min(
            longest,
            gathering.burstEnd + (pendingNanoseconds > limits.stallNanoseconds ? Self.quiet.long : Self.quiet.short))
    }

    /// Fixes the clock: sample 0 was captured when the newest packet arrived, less all that came before.
    mutating func settle(now: Int64) {
        let burst = measureBurst(first: nil)
        let floor = captureFloor ?? now
        anchor = max(burst.start ?? now, floor - Self.longestLump)
        if burst.isFile(since: floor) {
            // What lies before the connection's beginning is no delay of its own.
            lastDelivery = gathering?.arrival
        } else if burst.isAudible, burst.nanoseconds > limits.stallNanoseconds {
            learn(burst, now: now)
        }
    }

    /// The packets before have ended, and silence stands in for those that come.
    mutating func silenceBegins() {
        gathering = nil
        resumption = nil
        if case .waiting(_, isNewConnection: true, _) = placement { return }
        captureFloor = anchor.map { $0 + Timeline.nanoseconds(samples: edge) }
    }

    /// Decides where a burst behind a silence belongs, of which `packet` is the first.
    mutating func resume(with packet: Packet, previous: TimestampRelation?, isNewConnection: Bool, now: Int64) {
        guard let anchor else { return }
        let burst = measureBurst(first: packet)
        let floor = captureFloor ?? packet.arrival
        guard let start = burst.start, !burst.isFile(since: floor) else {
            resumption = max(Timeline.nanoseconds(samples: edge), now - anchor - delay - packet.nanoseconds)
            return
        }
        var place = start - anchor
        if let previous, let timestamp = packet.timestamp {
            let stamped = previous.nanoseconds(of: timestamp)
            if stamped < place - Self.agreement {
                // What is this late comes in a burst; in real time only timestamps that stood still do.
                if now - (lateSince ?? now) < Self.longestLateness {
                    lateSince = lateSince ?? now
                    place = stamped
                }
            } else if stamped <= place + Self.quiet.short {
                place = stamped
            }
        }
        resumption = max(0, place)
        noteLateness(of: burst, from: place, isNewConnection: isNewConnection, now: now)
    }

    /// Leaves out what lies in front of the clock's edge.
    /// - Returns: whether anything is left; the next packet belongs behind this one.
    mutating func cut(_ packet: inout Packet, at place: Int64, rate: Int) -> Bool {
        let late = Timeline.nanoseconds(samples: edge) - place
        guard late > 0 else { return true }
        guard late < packet.nanoseconds else {
            resumption = place + packet.nanoseconds
            if pendingPackets == 0 {
                (resumption, gathering, captureFloor) = (nil, nil, packet.arrival)
            }
            return false
        }
        // Below a packet's length, which is bounded.
        let samples = Int32(clamping: min(Int64(packet.span.length), late * Int64(rate) / 1_000_000_000))
        packet.span.skip += samples
        packet.span.length -= samples
        packet.timestamp = packet.timestamp.map { $0 + late }
        return true
    }

    /// The longest wait between deliveries, which the first packet of each tells. One that is longer than a stall is a
    /// burst, and only counts when the source is known for such.
    mutating func observeLump(_ packet: Packet, lateness: Int64) {
        defer { lastDelivery = packet.arrival }
        if let lastDelivery, packet.arrival - lastDelivery < packet.nanoseconds / 2 { return }
        guard lateness <= limits.stallNanoseconds || lumps.longest > limits.stallNanoseconds else { return }
        lumps.observe(lateness: lateness, arrival: packet.arrival)
    }

    /// A source that sends in long bursts would never be heard, since silence stands in their place when they come. What is
    /// known of such a source is worth its delay; a network that stood still once is not, and neither is silence.
    private mutating func noteLateness(of burst: Burst, from place: Int64, isNewConnection: Bool, now: Int64) {
        guard place < Timeline.nanoseconds(samples: edge), burst.isAudible,
            burst.nanoseconds > limits.stallNanoseconds
        else { return }
        let isHabit = lastLateBurst.map { now - $0 < Self.habit } ?? false
        lastLateBurst = now
        if isHabit || isNewConnection { learn(burst, now: now) }
    }

    private mutating func learn(_ burst: Burst, now: Int64) {
        guard burst.nanoseconds <= limits.longestDelayNanoseconds else { return }
        lastLateBurst = now
        lumps.observe(lateness: burst.nanoseconds, arrival: now)
    }

    /// All that waits, up to another connection.
    private func measureBurst(first: Packet?) -> Burst {
        var burst = Burst(leastBitRate: leastBitRate)
        if let first { burst.add(first) }
        for item in pending {
            switch item {
            case .packet(let packet): burst.add(packet)
            case .configuration(_, let isNewConnection):
                if isNewConnection, burst.start != nil { return burst }
            case .nowPlaying: break
            }
        }
        return burst
    }

    private struct Burst {
        /// Monotonic time at which the first sample was captured.
        private(set) var start: Int64?
        private(set) var nanoseconds: Int64 = 0
        private var bits: Int64 = 0
        private var arrival: Int64 = 0
        private let leastBitRate: Int64

        init(leastBitRate: Int64) { self.leastBitRate = leastBitRate }

        mutating func add(_ packet: Packet) {
            nanoseconds += packet.nanoseconds
            bits += Int64(packet.payload.readableBytes) * 8
            arrival = packet.arrival
            start = min(start ?? .max, arrival - nanoseconds)
        }

        /// Whether anything may be heard in it.
        var isAudible: Bool { bits > (nanoseconds / 1_000_000) * leastBitRate / 1_000 }

        /// Whether it is more than a live source can have recorded since `floor`.
        func isFile(since floor: Int64) -> Bool { nanoseconds > arrival - floor + StreamClock.longestLump }
    }
}
