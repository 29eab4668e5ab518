import AudioTimeline
import NIOCore

/// A clock under test, driven with virtual time as a server drives it: packets as they come, `timePassed` when it asks.
struct VirtualStream {
    static let millisecond: Int64 = 1_000_000
    static let second: Int64 = 1_000_000_000
    /// The wall clock is this far from the monotonic one, in microseconds.
    static let wallOffset: Int64 = 1_700_000_000_000_000

    var clock: StreamClock
    /// Monotonic time in nanoseconds.
    var now: Int64 = 5_000 * second
    private(set) var released: [(time: Int64, batch: SourceBatch)] = []

    init(limits: StreamClock.Limits = StreamClock.Limits()) {
        clock = StreamClock(epoch: 7, wallOffsetMicroseconds: Self.wallOffset, limits: limits)
    }

    /// Lets time pass, waking the clock whenever it asks for it.
    mutating func wait(until time: Int64) {
        while let wake = clock.nextWake(now: now), max(wake, now + Self.millisecond) <= time {
            now = max(wake, now + Self.millisecond)
            clock.timePassed(now: now)
            collect()
        }
        now = max(now, time)
    }

    mutating func wait(milliseconds: Int64) { wait(until: now + milliseconds * Self.millisecond) }

    mutating func configure(
        _ configuration: CodecConfiguration, isNewConnection: Bool = true, connectedAt: Int64? = nil
    ) throws {
        try clock.configured(configuration, isNewConnection: isNewConnection, connectedAt: connectedAt)
    }

    mutating func packet(_ payload: ByteBuffer, timestamp: Int64?) throws {
        try clock.packetArrived(
            payload, timestamp: timestamp.flatMap { MediaTimestamp(nanoseconds: $0) }, now: now)
        collect()
    }

    /// Packets of the same length in real time; `timestamp` tells nanoseconds for the packet's number.
    mutating func pushInRealTime(
        _ source: VirtualSource, packets range: Range<Int>, from start: Int64, timestamp: (Int) -> Int64?
    ) throws {
        for number in range {
            wait(until: start + source.nanoseconds(ofPackets: number + 1))
            try packet(source.payload, timestamp: timestamp(number))
        }
    }

    mutating func lose() {
        clock.connectionLost(now: now)
        collect()
    }

    mutating func end() {
        clock.ended(now: now)
        collect()
    }

    mutating func takeReleased() -> [(time: Int64, batch: SourceBatch)] {
        defer { released = [] }
        return released
    }

    private mutating func collect() { released += clock.takeBatches().map { (now, $0) } }

    var items: [SourceItem] { released.flatMap(\.batch.items) }

    var silences: [(start: Int64, length: Int64)] {
        items.compactMap { if case .silence(let start, let length) = $0 { (start, length) } else { nil } }
    }

    var packetCount: Int {
        items.count { if case .packet = $0 { true } else { false } }
    }

    /// The legs that packets belong to, in order.
    var legs: [Leg] {
        released.reduce(into: []) { legs, entry in
            let hasPackets = entry.batch.items.contains { if case .packet = $0 { true } else { false } }
            if hasPackets, let leg = entry.batch.leg, legs.last != leg { legs.append(leg) }
        }
    }

    /// Date that the epoch's sample 0 has by the newest batch, on the monotonic clock in nanoseconds.
    var anchor: Int64? { released.last.map { ($0.batch.epochDateMicroseconds - Self.wallOffset) * 1000 } }
}

/// A source of packets of the same length.
struct VirtualSource {
    var configuration: CodecConfiguration
    var payload: ByteBuffer
    var samples: Int

    func nanoseconds(ofPackets count: Int) -> Int64 {
        let (seconds, rest) = (count * samples).quotientAndRemainder(dividingBy: configuration.sampleRate)
        return Int64(seconds) * 1_000_000_000 + Int64(rest) * 1_000_000_000 / Int64(configuration.sampleRate)
    }

    /// RTMP's timestamps: whole milliseconds, rounded down.
    func milliseconds(ofPackets count: Int) -> Int64 { nanoseconds(ofPackets: count) / 1_000_000 * 1_000_000 }

    static func aac(rate: Int) -> VirtualSource {
        let index: UInt8 = [44_100: 4, 48_000: 3, 32_000: 5][rate] ?? 3
        let setup: [UInt8] = [0b0001_0000 | index >> 1, index << 7 | 0b0001_0000]
        return VirtualSource(
            configuration: CodecConfiguration(codec: .aac, sampleRate: rate, channels: 2, setup: setup),
            payload: ByteBuffer(bytes: [1, 2, 3]), samples: 1024)
    }

    /// 44.1 kHz, 128 kbit/s.
    static let mp3 = VirtualSource(
        configuration: CodecConfiguration(codec: .mp3, sampleRate: 44_100, channels: 2),
        payload: ByteBuffer(bytes: [0xFF, 0xFB, 0x90, 0x00]), samples: 1152)

    /// Packets of 20 ms.
    static let opus = VirtualSource(
        configuration: CodecConfiguration(codec: .opus, sampleRate: 48_000, channels: 2),
        payload: ByteBuffer(bytes: [0xFC, 0]), samples: 960)

    /// Packets of 120 ms, the longest that Opus allows.
    static let longOpus = VirtualSource(
        configuration: CodecConfiguration(codec: .opus, sampleRate: 48_000, channels: 2),
        payload: ByteBuffer(bytes: [0x1B, 2]), samples: 5760)
}
