import NIOCore
import TestSupport
import Testing

@testable import RTMP

/// Good sessions with faults in them: never a trap, never more than a bounded amount of anything.
@Suite struct MutationTests {
    private static func sessions() throws -> [[UInt8]] {
        let recorded = try Capture.allCases.map { Array(try $0.bytes().readableBytesView.prefix(6000)) }
        let obs = EncoderDialogue.obs().flatMap { Array($0.readableBytesView) }
        return recorded + [Array(obs.prefix(12_000))]
    }

    /// Changes bytes, lengths and order behind the handshake, and now and then in it.
    private static func mutate(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        let first = Int.random(in: 0..<20, using: &random) == 0 ? 0 : ClientBytes.handshakeSize
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            guard bytes.count > first else { return bytes }
            let index = Int.random(in: first..<bytes.count, using: &random)
            let end = min(bytes.count, index + Int.random(in: 1...40, using: &random))
            switch Int.random(in: 0..<7, using: &random) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[index] = [0, 1, 2, 3, 0x7F, 0x80, 0xC3, 0xFF].randomElement(using: &random) ?? 0
            case 2: bytes.removeSubrange(index..<end)
            case 3: bytes.insert(contentsOf: bytes[index..<end], at: index)
            case 4:
                bytes.insert(
                    contentsOf: (index..<end).map { _ in UInt8.random(in: 0...255, using: &random) }, at: index)
            case 5: for position in index..<end { bytes[position] = UInt8.random(in: 0...255, using: &random) }
            default: bytes.removeSubrange(index...)
            }
        }
        return bytes
    }

    /// 10 000 sessions over all arguments.
    @Test(arguments: 0..<10 as Range<UInt64>) func mutatedSessionsStayBounded(block: UInt64) throws {
        let sessions = try Self.sessions()
        for seed in block * 1000..<(block + 1) * 1000 {
            var random = SplitMix64(seed: seed)
            let original = sessions[Int(seed % UInt64(sessions.count))]
            let input = ByteBuffer(bytes: Self.mutate(original, &random))
            var run = SessionRun()
            run.feed(input, pieceSize: [64, 700, 1460, 65_536].randomElement(using: &random) ?? 1)
            #expect(run.events.count <= input.readableBytes, "seed \(seed)")
            #expect(run.output.readableBytes <= 8192 + input.readableBytes, "seed \(seed)")
            #expect(run.session.heldEvents.count <= 16, "seed \(seed)")
            #expect(run.session.reader.unfinishedCapacity <= 4 * input.readableBytes + 4096, "seed \(seed)")
        }
    }

    /// A session in pieces says what it says in one piece, faults and all, as long as the answer to a publish comes at
    /// the same byte.
    @Test func piecesDoNotMatter() throws {
        let sessions = try Capture.allCases.map { try $0.steps() }
        for seed in 0..<300 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let steps = sessions[Int(seed % UInt64(sessions.count))]
            let media = Array(steps[1].readableBytesView.prefix(2500))
            let index = Int.random(in: 0..<media.count, using: &random)
            var changed = media
            changed[index] = UInt8.random(in: 0...255, using: &random)
            var (whole, pieces) = (SessionRun(), SessionRun())
            whole.feed(steps[0])
            pieces.feed(steps[0])
            whole.feed(ByteBuffer(bytes: changed))
            pieces.feed(ByteBuffer(bytes: changed), pieceSize: Int.random(in: 1...50, using: &random))
            #expect(whole.events == pieces.events, "seed \(seed)")
            #expect(whole.error == pieces.error, "seed \(seed)")
        }
    }

    /// Bytes without any order, for the parsers that stand alone.
    @Test func randomBytesAreParsedWithoutATrap() {
        for seed in 0..<20_000 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if !bytes.isEmpty {
                bytes[0] = [0x91, 0x95, 0x97, 0xAF, 0x11, 0x03, 0x0A, 0x08].randomElement(using: &random) ?? 0
            }
            let buffer = ByteBuffer(bytes: bytes)
            var items: [AudioTagParser.Item] = []
            try? AudioTagParser.parse(buffer, timestamp: 0, into: &items)
            #expect(items.count <= EnhancedAudioParser.maximumTracks)
            var reader = AMF0Reader(buffer)
            var values = 0
            while (try? reader.next()) != nil { values += 1 }
            #expect(values <= bytes.count)
            var aggregate = AggregateMessage(buffer, timestamp: 0)
            while aggregate.next() != nil {}
            var flv = FLVReader()
            var events: [FLVEvent] = []
            var body = ByteBuffer(bytes: Array("FLV".utf8) + [1, 5, 0, 0, 0, 9, 0, 0, 0, 0])
            body.writeImmutableBuffer(buffer)
            try? flv.receive(&body, into: &events)
            #expect(events.count <= bytes.count)
        }
    }
}
