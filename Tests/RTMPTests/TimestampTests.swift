import NIOCore
import Testing

@testable import RTMP

@Suite struct TimestampTests {
    private static func unwrapped(_ times: [UInt32]) -> [Int64] {
        var unwrapper = TimestampUnwrapper()
        return times.map { unwrapper.unwrap($0) }
    }

    /// Statement 9: RTMP wraps at 2^32.
    @Test func wrapAt2To32() {
        #expect(Self.unwrapped([0xFFFF_FFF0, 5, 26]) == [0xFFFF_FFF0, 0x1_0000_0005, 0x1_0000_001A])
        #expect(Self.unwrapped([5, 0xFFFF_FFF0, 26]) == [5, -16, 26])
    }

    /// Statement 9: encoders whose times come from FLV wrap at 2^31.
    @Test func wrapAt2To31() {
        #expect(Self.unwrapped([0x7FFF_FFF0, 5, 26]) == [0x7FFF_FFF0, 0x8000_0005, 0x8000_001A])
        #expect(
            Self.unwrapped([0x7FFF_FFF0, 5, 0x7FFF_FFF5, 26]) == [0x7FFF_FFF0, 0x8000_0005, 0x7FFF_FFF5, 0x8000_001A])
    }

    /// And others count on through 2^31.
    @Test func countingThrough2To31() {
        #expect(Self.unwrapped([0x7FFF_FFF0, 0x8000_0005]) == [0x7FFF_FFF0, 0x8000_0005])
    }

    @Test func stepsBackAreStepsBack() {
        #expect(Self.unwrapped([5000, 4000, 6000, 0]) == [5000, 4000, 6000, 0])
        #expect(Self.unwrapped([1_728_000_000, 0]) == [1_728_000_000, 0], "20 days back")
    }

    /// Hostile 11: alternating extremes, for ever.
    @Test func alternatingExtremesStayNear() {
        let times = Self.unwrapped((0..<10_000).map { $0.isMultiple(of: 2) ? 0 : 0xFFFF_FFFF })
        #expect(times.allSatisfy { $0 == 0 || $0 == -1 })
    }

    /// Three wraps of 31 bits and three of 32, in steps of a minute.
    @Test(arguments: [31, 32]) func manyWraps(bits: Int) {
        let mask = UInt32.max >> (32 - bits)
        let minutes: [Int64] = (0..<120_000).map { (minute: Int64) -> Int64 in minute * 60_000 }
        #expect(Self.unwrapped(minutes.map { UInt32(truncatingIfNeeded: $0) & mask }) == minutes)
    }

    /// A stream that begins `before` milliseconds before the border and runs for twice as long.
    private static func times(around border: UInt64, mask: UInt32) -> [Int64] {
        var run = SessionRun.publishing()
        var client = ClientBytes()
        let first = border - 5000
        var last: UInt32?
        for frame in 0..<470 as Range<UInt64> {
            let time = UInt32(truncatingIfNeeded: first + frame * 64 / 3) & mask
            let payload: [UInt8] = [0x2F] + [UInt8](repeating: UInt8(truncatingIfNeeded: frame), count: 200)
            // A time that goes back is sent in full.
            if let last, time >= last {
                client.message(id: 4, format: 1, time: time - last, type: .audio, payload: payload)
            } else {
                client.message(id: 4, time: time, type: .audio, payload: payload)
            }
            last = time
        }
        run.feed(client.bytes, pieceSize: 1000)
        #expect(run.error == nil)
        return run.audio.map { $0.timestamp - Int64(first) }
    }

    /// After 4 h 39 min timestamps no longer fit 24 bits; many servers end there.
    @Test(
        arguments: [
            (0xFF_FFFF, UInt32.max), (1 << 31, UInt32.max >> 1), (1 << 31, UInt32.max), (1 << 32, UInt32.max),
        ] as [(UInt64, UInt32)])
    func longStreamsGoOn(border: UInt64, mask: UInt32) {
        let expected: [Int64] = (0..<470).map { (frame: Int64) -> Int64 in frame * 64 / 3 }
        #expect(Self.times(around: border, mask: mask) == expected)
    }

    /// The same with every message in full, as FFmpeg sends when it must, so that chunks repeat the extended time.
    @Test(arguments: [false, true]) func extendedTimesInEveryMessage(areRepeated: Bool) {
        var run = SessionRun.publishing()
        var client = ClientBytes()
        for frame in 0..<500 as Range<UInt32> {
            let time = 0xFF_FFFF - 5000 + frame * 21
            let payload: [UInt8] = [0x2F] + [UInt8](repeating: 0xEE, count: 200)
            if areRepeated {
                client.message(id: 4, time: time, type: .audio, payload: payload)
            } else {
                client.chunk(format: 0, id: 4, time: time, length: 201, type: 8, payload: Array(payload[..<128]))
                client.chunk(format: 3, id: 4, payload: Array(payload[128...]))
            }
        }
        run.feed(client.bytes, pieceSize: 777)
        #expect(run.error == nil)
        let expected: [Int64] = (0..<500).map { (frame: Int64) -> Int64 in 0xFF_FFFF - 5000 + frame * 21 }
        #expect(run.audio.map(\.timestamp) == expected)
    }
}
