import Foundation
import Testing

@testable import Telemetry

@Suite struct HealthRegistryTests {
    @Test func aProcessWithoutChecksIsReady() {
        let report = HealthRegistry().report()
        #expect(report.isReady)
        #expect(report.json == #"{"ready":true,"checks":{}}"#)
    }

    @Test func aCheckFailsUntilItHasBeenSet() {
        let health = HealthRegistry()
        let database = health.register("database")
        #expect(!health.report().isReady)
        database.set(.ok)
        #expect(health.report().isReady)
        #expect(database.state == .ok)
    }

    /// A broker's restart degrades an origin, which still has its window, and must not take it out of rotation.
    @Test func aDegradedCheckStaysInRotation() {
        let health = HealthRegistry()
        health.register("database").set(.ok)
        health.register("broker").set(.degraded(reason: "no connection: \"refused\"\n"))
        let report = health.report()
        #expect(report.isReady)
        #expect(
            report.json == #"{"ready":true,"checks":{"broker":{"state":"degraded","reason":"no connection: "#
                + #"\"refused\"\n"},"database":{"state":"ok"}}}"#)
    }

    @Test func theBodyIsJSONWhateverTheReason() throws {
        let health = HealthRegistry()
        health.register("a\"b\\c").set(.failed(reason: "\u{0}\u{1B}\u{2028}😀"))
        let body = try JSONSerialization.jsonObject(with: Data(health.report().json.utf8)) as? [String: Any]
        let checks = try #require(body?["checks"] as? [String: [String: String]])
        #expect(body?["ready"] as? Bool == false)
        #expect(checks["a\"b\\c"] == ["state": "failed", "reason": "\u{0}\u{1B}\u{2028}😀"])
    }

    @Test func readChecksAreWorkedOutWhenAsked() {
        let health = HealthRegistry()
        let broker = health.register("broker", initially: .ok)
        health.register("window") { broker.state == .ok ? .ok : .failed(reason: "no window") }
        #expect(health.report().isReady)
        broker.set(.degraded(reason: "x"))
        #expect(!health.report().isReady)
        health.remove("window")
        #expect(health.report().isReady)
    }

    @Test func registeringTwiceKeepsTheCheck() {
        let health = HealthRegistry()
        let first = health.register("database")
        #expect(first === health.register("database"))
    }

    @Test func statesArePublishedAsMetrics() {
        let health = HealthRegistry()
        let metrics = MetricsRegistry()
        health.publish(to: metrics)
        health.register("a").set(.ok)
        health.register("b").set(.degraded(reason: "x"))
        health.register("c").set(.failed(reason: "x"))
        let text = metrics.renderPrometheusText()
        #expect(text.contains("twitchy_health_check_ratio{check=\"a\"} 1\n"))
        #expect(text.contains("twitchy_health_check_ratio{check=\"b\"} 0.5\n"))
        #expect(text.contains("twitchy_health_check_ratio{check=\"c\"} 0\n"))
    }
}
