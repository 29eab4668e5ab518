import NIOCore
import TestSupport
import Testing

@testable import MessageBus

/// How the in-process log keeps its entries.
struct LogStateTests {
    private static func entry(_ number: Int, length: Int) -> ByteBuffer {
        var random = SplitMix64(seed: UInt64(number))
        var buffer = ByteBuffer()
        for _ in 0..<(length / 8) { buffer.writeInteger(random.next()) }
        return buffer
    }

    private func payloads(_ log: LogState) -> [ByteBuffer] {
        var position: UInt64 = 0
        var found: [ByteBuffer] = []
        while let entry = log.entry(at: position) {
            found.append(entry.payload)
            position = entry.offset.number + 1
        }
        return found
    }

    /// Bytes of all storages, each counted once: pieces of one lie behind one another.
    private func storedBytes(_ payloads: [ByteBuffer]) -> Int {
        var sum = 0
        var end = 0
        for payload in payloads {
            let place = payload.withUnsafeReadableBytes { Int(bitPattern: $0.baseAddress) }
            if place != end { sum += payload.storageCapacity }
            end = place + payload.readableBytes
        }
        return sum
    }

    /// A minute of a ladder's parts takes little more than its bytes, and all of it is still what was appended.
    @Test func entriesAreKeptClosely() {
        var log = LogState(options: LogOptions(maximumBytes: 32 << 20, minimumAge: .seconds(64)))
        let entries = (0..<330).map { Self.entry($0, length: 10_600 + 8 * ($0 % 50)) }
        for (number, entry) in entries.enumerated() {
            let isKept = log.append(entry, now: .milliseconds(192 * number))
            #expect(isKept)
        }
        let kept = payloads(log)
        #expect(kept == entries)
        let bytes = entries.reduce(0) { $0 + $1.readableBytes }
        #expect(storedBytes(entries) > bytes * 14 / 10)
        #expect(storedBytes(kept) < bytes * 112 / 100)
    }

    /// Entries go one by one, whether they are in a slab or not, and a slab goes with its last.
    @Test func entriesGoInOrder() {
        var log = LogState(options: LogOptions(maximumBytes: 32 << 20, minimumAge: .seconds(10)))
        let entries = (0..<400).map { Self.entry($0, length: 9_000 + 16 * ($0 % 300)) }
        for (number, entry) in entries.enumerated() {
            let isKept = log.append(entry, now: .milliseconds(200 * number))
            #expect(isKept)
            let first = max(0, number - 50)
            #expect(log.position(of: .first) == UInt64(first))
            if number % 37 == 0 { #expect(payloads(log) == Array(entries[first...number])) }
        }
        #expect(storedBytes(payloads(log)) < 51 * 14_000 + (256 << 10))
        // After a pause only the newest stays, however the ones before were kept.
        _ = log.append(entries[0], now: .seconds(1_000))
        #expect(payloads(log) == [entries[0]])
        for number in 0..<40 { _ = log.append(entries[number], now: .seconds(1_001)) }
        #expect(payloads(log) == [entries[0]] + entries[..<40])
    }

    /// Sizes that no slab was made for.
    @Test func unusualSizesAreKept() {
        var log = LogState(options: LogOptions(maximumBytes: 8 << 20, minimumAge: .seconds(60)))
        var entries: [ByteBuffer] = []
        var random = SplitMix64(seed: 5)
        for number in 0..<300 {
            let length = [0, 0, 8, 1_000, 60_000, 131_072, 140_000].randomElement(using: &random) ?? 0
            entries.append(Self.entry(number, length: length))
            let isKept = log.append(entries[number], now: .zero)
            #expect(isKept)
        }
        let kept = payloads(log)
        #expect(kept == Array(entries.suffix(kept.count)))
        #expect(kept.count > 100)
    }
}
