import AudioTimeline
import Testing

struct TimelineTests {
    /// Ten slots fill a segment, and every frame size of the ladder fits the segment.
    @Test func slotsAndFramesFitTheSegment() {
        #expect(Timeline.slotsPerSegment == 10)
        #expect(Timeline.segmentSamples % 1024 == 0)
        #expect(Timeline.segmentSamples % 960 == 0)
        #expect(Timeline.segmentSamples % 4608 == 0)
    }

    /// Years of nanoseconds neither overflow nor drift.
    @Test func nanosecondsAndSamplesAgree() {
        let tenYears: Int64 = 10 * 365 * 86_400 * 1_000_000_000
        let samples = Timeline.samples(nanoseconds: tenYears)
        #expect(samples == 10 * 365 * 86_400 * 48_000)
        #expect(Timeline.nanoseconds(samples: samples) == tenYears)
    }

    /// A leg at 44.1 kHz lies exactly at 160/147 of its samples, rounded up.
    @Test func legPositionsAreExact() {
        let configuration = CodecConfiguration(codec: .mp3, sampleRate: 44_100, channels: 2)
        let leg = Leg(number: 0, start: 1000, configuration: configuration)
        #expect(leg.position(ofSample: 0) == 1000)
        #expect(leg.position(ofSample: 147) == 1160)
        #expect(leg.position(ofSample: 1) == 1002)
        #expect(leg.position(ofSample: 44_100 * 36_000) == 1000 + 48_000 * 36_000)
    }
}
