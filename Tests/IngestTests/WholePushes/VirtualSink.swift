import AudioTimeline
import NIOCore
import Synchronization
import TestSupport

@testable import Ingest

/// A stream's clock that pushes reach as they reach that of a live stream, in virtual time, with what must hold of all that
/// comes out of it, whatever went in.
final class VirtualSink: PushSink {
    /// How time passes while a push brings its packets.
    enum Pace: CaseIterable {
        /// All at once, as a file.
        case burst
        case realTime
        /// With waits of up to half a minute.
        case stalls
        /// Twelve seconds of nothing, then a hundred packets.
        case pages
    }

    fileprivate struct State {
        var clock = StreamClock(epoch: 3, wallOffsetMicroseconds: VirtualSink.wallOffset)
        var now: Int64 = 1_000_000_000_000
        var random: SplitMix64
        var pace = Pace.realTime
        var packets = 0
        var connectedAt: Int64 = 0
        var isConfigured = false
        var isClosed = false
        var position: Int64 = 0
        var batches: UInt64 = 0
        var complaints: [String] = []
        var placed = 0
    }

    fileprivate static let wallOffset: Int64 = 1_700_000_000_000_000
    /// A packet may begin so much ahead of real time, in nanoseconds.
    fileprivate static let earliness: Int64 = 300_000_000
    /// At the end of a stream, with what waits and a packet of the longest kind.
    fileprivate static let tail: Int64 = 45_000_000_000

    private let state: Mutex<State>

    init(seed: UInt64) { state = Mutex(State(random: SplitMix64(seed: seed))) }

    /// Another connection comes.
    func connect(_ pace: Pace) {
        state.withLock { state in
            state.pass(nanoseconds: Int64.random(in: 0...4_000_000_000, using: &state.random))
            state.pace = pace
            state.packets = 0
            state.connectedAt = state.now
            state.isConfigured = false
            state.isClosed = false
        }
    }

    /// What did not hold so far.
    var complaints: [String] { state.withLock { $0.complaints } }

    /// Packets that found their place.
    var placed: Int { state.withLock { $0.placed } }

    var hasEnded: Bool { state.withLock { $0.clock.hasEnded } }

    // MARK: PushSink

    func configured(_ configuration: CodecConfiguration) {
        state.withLock { state in
            guard !state.isClosed else { return }
            do {
                try state.clock.configured(
                    configuration, isNewConnection: !state.isConfigured, connectedAt: state.connectedAt)
                state.isConfigured = true
            } catch {
                state.close()
            }
        }
    }

    func packet(_ payload: ByteBuffer, timestamp: MediaTimestamp?, trim: PacketTrim, arrival: Int64?) {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.paced()
            do {
                try state.clock.packetArrived(payload, timestamp: timestamp, trim: trim, now: state.now)
            } catch StreamClock.Refusal.overflow {
                state.complaints.append("more waits than may")
                state.close()
            } catch {}
            state.collect()
            // The reader waits while the source is ahead.
            while state.clock.lead(now: state.now) > 5_000_000_000 { state.pass(nanoseconds: 200_000_000) }
        }
    }

    func nowPlaying(_ nowPlaying: NowPlaying, from source: TitleSource) {
        state.withLock { $0.clock.nowPlayingChanged(nowPlaying, now: $0.now) }
    }

    func lost() { state.withLock { $0.close() } }

    func ended() {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.isClosed = true
            state.clock.ended(now: state.now)
            state.collect()
        }
    }

    var excessLead: Int64 { 0 }
}

extension VirtualSink.State {
    fileprivate mutating func close() {
        guard !isClosed else { return }
        isClosed = true
        clock.connectionLost(now: now)
        collect()
    }

    /// Time passes as the server lets it, woken when the clock asks for it.
    fileprivate mutating func pass(nanoseconds: Int64) {
        let end = now + nanoseconds
        while now < end {
            now = min(end, max(now + 10_000_000, clock.nextWake(now: now) ?? end))
            clock.timePassed(now: now)
            collect()
        }
    }

    fileprivate mutating func paced() {
        packets += 1
        switch pace {
        case .burst: break
        case .realTime: pass(nanoseconds: 21_000_000)
        case .stalls:
            let isLong = Int.random(in: 0..<60, using: &random) == 0
            pass(nanoseconds: isLong ? Int64.random(in: 0...30_000_000_000, using: &random) : 20_000_000)
        case .pages: if packets % 100 == 1 { pass(nanoseconds: 12_000_000_000) }
        }
    }

    fileprivate mutating func collect() {
        for batch in clock.takeBatches() {
            if (try? SourceBatch(decoding: batch.encoded())) != batch { complain("a batch that cannot be read") }
            if batch.sequence != batches { complain("batch \(batch.sequence) where \(batches) was expected") }
            batches = batch.sequence + 1
            let anchor = (batch.epochDateMicroseconds - VirtualSink.wallOffset) * 1_000
            let allowed = clock.hasEnded ? VirtualSink.tail : VirtualSink.earliness
            let farthest = Timeline.samples(nanoseconds: max(0, now - anchor) + allowed)
            for item in batch.items { check(item, of: batch, farthest: farthest) }
        }
    }

    private mutating func check(_ item: SourceItem, of batch: SourceBatch, farthest: Int64) {
        let span: (start: Int64, end: Int64)
        switch item {
        case .packet(let packet):
            guard let leg = batch.leg else { return complain("a packet without its leg") }
            let start = leg.position(ofSample: packet.position)
            span = (start, leg.position(ofSample: packet.position + Int64(packet.length)))
            if packet.skip < 0 || packet.length < 0 { complain("\(packet.length) samples behind \(packet.skip)") }
            placed += 1
        case .silence(let start, let length): span = (start, start + length)
        case .legEnd(let position), .nowPlaying(_, let position), .end(let position): span = (position, position)
        }
        if span.start < position { complain("back from \(position) to \(span.start)") }
        if span.end < span.start { complain("an item that ends before it begins") }
        let ahead = if case .silence = item { span.end } else { span.start }
        if ahead > farthest { complain("\(ahead) where \(farthest) is the farthest") }
        position = max(position, span.end)
    }

    private mutating func complain(_ text: String) {
        if complaints.count < 20 { complaints.append(text) }
    }
}
