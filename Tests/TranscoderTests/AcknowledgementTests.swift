import AudioTimeline
import FFmpeg
import MessageBus
import NIOCore
import Testing

@testable import Transcoder

struct AcknowledgementTests {
    /// Only what lies a pre-roll behind the log may be acknowledged, in order; an old epoch as soon as a new one speaks.
    @Test func preRollStaysUnacknowledged() async throws {
        let bus = InProcessMessageBus()
        try await bus.declareQueue("q", QueueOptions())
        for number in 0..<4 { try await bus.publish(ByteBuffer(integer: number), to: "q") }
        let consumer = try await bus.consume("q", prefetch: 10)
        var tags: [DeliveryTag] = []
        for _ in 0..<4 { tags.append(try #require(try await consumer.next()).tag) }
        var acknowledgement = PreRollAcknowledgement()
        acknowledgement.received(tags[0], epoch: 1, until: 1_000, preRoll: 5_000)
        acknowledgement.received(tags[1], epoch: 1, until: 5_000, preRoll: 5_000)
        acknowledgement.received(tags[2], epoch: 1, until: 9_000, preRoll: 5_000)
        #expect(acknowledgement.settled() == nil)
        acknowledgement.delivered(epoch: 1, until: 5_999)
        #expect(acknowledgement.settled() == nil)
        acknowledgement.delivered(epoch: 1, until: 10_000)
        #expect(acknowledgement.settled() == tags[1])
        #expect(acknowledgement.settled() == nil)
        acknowledgement.received(tags[3], epoch: 2, until: 100, preRoll: 5_000)
        acknowledgement.delivered(epoch: 2, until: 9_216)
        #expect(acknowledgement.settled() == tags[3])
        await bus.shutdown()
    }

    /// Full scale is 0, silence 255, and half of full scale 6 dB, twelve half decibels.
    @Test func metersShowHalfDecibels() {
        var meter = LevelMeter()
        meter.add(
            StereoBlock(left: [Float](repeating: 1, count: 9216), right: [Float](repeating: 0, count: 9216)), at: 0)
        meter.add(
            StereoBlock(left: [Float](repeating: -0.5, count: 9216), right: [Float](repeating: 4, count: 9216)),
            at: 9216)
        #expect(meter.take(slot: 0, count: 9216) == [SlotLevel(peak: 0, rms: 0), SlotLevel(peak: 255, rms: 255)])
        #expect(meter.take(slot: 1, count: 9216) == [SlotLevel(peak: 12, rms: 12), SlotLevel(peak: 0, rms: 0)])
        #expect(meter.take(slot: 2, count: 0).allSatisfy { $0.peak == 255 })
    }

    /// A block that lies across slots is shared out between them.
    @Test func metersSplitAtSlots() {
        var meter = LevelMeter()
        var samples = [Float](repeating: 0, count: 200)
        samples[99] = 0.5
        samples[100] = 1
        meter.add(StereoBlock(left: samples, right: samples), at: 9116)
        #expect(meter.take(slot: 0, count: 9216).map(\.peak) == [12, 12])
        #expect(meter.take(slot: 1, count: 9216).map(\.peak) == [0, 0])
    }

    private func bundle(_ sequence: UInt64, _ part: UInt8, epoch: UInt32 = 1, isLast: Bool = false) -> MediaBundle {
        let setup = RenditionSetup(
            name: "aac-64", codecs: "mp4a.40.2", peakBitRate: 1, averageBitRate: 1, partTargetSamples: 9216,
            initialization: ByteBuffer(string: "init"))
        return MediaBundle(
            generation: 1, epoch: epoch, mediaSequence: sequence, discontinuitySequence: 0, part: part,
            position: Int64(sequence) * 92_160 + Int64(part) * 9216, durationSamples: 9216,
            isLastOfSegment: isLast || part == 9, segmentDateMicroseconds: 5, nowPlaying: nil,
            levels: [SlotLevel(peak: 255, rms: 255)], setups: part == 0 ? [setup] : [],
            parts: [RenditionPart(durationSamples: 9216, bytes: ByteBuffer(string: "\(sequence).\(part) "))])
    }

    @Test func segmentsAreCollectedFromTheirFirstPart() {
        var open = OpenSegment()
        // The beginning is missing.
        for part in 4..<10 { #expect(open.add(bundle(6, UInt8(part))).isEmpty) }
        for part in 0..<9 { #expect(open.add(bundle(7, UInt8(part))).isEmpty) }
        let whole = open.add(bundle(7, 9))
        #expect(whole.map(\.mediaSequence) == [7])
        #expect(whole.first?.durationSamples == 92_160)
        #expect(whole.first?.isSilent == true)
        #expect(whole.first.map { String(buffer: $0.media[0].bytes) } == "7.0 7.1 7.2 7.3 7.4 7.5 7.6 7.7 7.8 7.9 ")
        // A part is missing in the middle.
        #expect(open.add(bundle(8, 0)).isEmpty)
        #expect(open.add(bundle(8, 2)).isEmpty)
        #expect(open.add(bundle(8, 9)).isEmpty)
    }

    /// What a broker's restart left open ends short where the next epoch begins.
    @Test func abandonedSegmentEndsShort() {
        var open = OpenSegment()
        _ = open.add(bundle(3, 0))
        _ = open.add(bundle(3, 1))
        let finished = open.add(bundle(4, 0, epoch: 2, isLast: true))
        #expect(finished.map(\.mediaSequence) == [3, 4])
        #expect(finished.map(\.durationSamples) == [18_432, 9_216])
    }
}
