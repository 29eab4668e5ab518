import Telemetry
import Testing

@testable import Transcoder

struct LatenessTests {
    private let start = ContinuousClock.now

    /// - Parameter waiting: batches of 96 ms that wait, once in 0.1 s.
    private func fallsBehind(_ waiting: [Int]) -> [Bool] {
        var lateness = Lateness()
        return waiting.enumerated().map { index, count in
            lateness.fallsBehind(waiting: count, at: start + .milliseconds(index * 100))
        }
    }

    /// A worker that gets later and later, or stays late; after 3 s.
    @Test func whoDoesNotCatchUpFallsBehind() {
        let growing = fallsBehind((0..<100).map { $0 })
        // 2 s are 21 batches.
        #expect(growing.firstIndex(of: true) == 21 + 30)
        #expect(fallsBehind([Int](repeating: 40, count: 40)).firstIndex(of: true) == 30)
    }

    /// One that has just taken the stream over, or whose bus was away, gets less of it with every batch.
    @Test func whoCatchesUpDoesNot() {
        #expect(!fallsBehind((0..<300).map { 300 - $0 }).contains(true))
        #expect(!fallsBehind([Int](repeating: 20, count: 100)).contains(true))
        #expect(!fallsBehind((0..<100).map { $0 % 25 }).contains(true))
    }

    @Test func lateStreamsAreTold() throws {
        let registry = MetricsRegistry()
        let late = LateStreams(TranscoderMetrics(registry))
        #expect(late.health == .ok)
        #expect(late.fallsBehind("a", bySeconds: 3) && !late.fallsBehind("a", bySeconds: 4.5))
        #expect(late.fallsBehind("b", bySeconds: 2.5))
        guard case .degraded(let reason) = late.health else { return #expect(Bool(false), "\(late.health)") }
        #expect(reason.contains("2 streams come up to 4 s late"))
        let text = registry.renderPrometheusText()
        #expect(text.contains("twitchy_transcoder_late_streams 2"))
        #expect(text.contains("twitchy_transcoder_lateness_seconds 4.5"))
        #expect(late.keepsUp("a") && !late.keepsUp("a") && late.keepsUp("b"))
        #expect(late.health == .ok)
        // One after the other.
        #expect(late.mayHandOver(at: start) && !late.mayHandOver(at: start + .seconds(2)))
        #expect(late.mayHandOver(at: start + .seconds(3)))
    }
}
