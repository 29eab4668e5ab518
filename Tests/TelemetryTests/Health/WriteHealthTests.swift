import Telemetry
import Testing

struct WriteHealthTests {
    @Test func theLastWriteCounts() {
        let registry = HealthRegistry()
        let needed = WriteHealth(registry.register("database"), isNeeded: true)
        let useful = WriteHealth(registry.register("store"), isNeeded: false)
        #expect(!registry.report().isReady, "nothing was written yet")
        needed.succeeded()
        useful.succeeded()
        #expect(registry.report().isReady)
        useful.failed("full")
        #expect(registry.report().isReady && registry.report().json.contains("degraded"))
        needed.failed("full")
        #expect(!registry.report().isReady)
        needed.succeeded()
        #expect(registry.report().isReady)
    }

    /// Somebody has to find out that it works again, or that what nobody used for long does not.
    @Test func aProbeIsDueAfterFailuresAndSilence() {
        let health = WriteHealth(nil, isNeeded: true)
        let start = ContinuousClock.now
        let quiet = Duration.seconds(15)
        #expect(health.needsProbe(after: quiet, at: start))
        health.succeeded(at: start)
        #expect(!health.needsProbe(after: quiet, at: start + .seconds(14)))
        #expect(health.needsProbe(after: quiet, at: start + .seconds(15)))
        health.failed("full", at: start + .seconds(15))
        #expect(health.needsProbe(after: quiet, at: start + .seconds(16)))
        health.succeeded(at: start + .seconds(16))
        #expect(!health.needsProbe(after: quiet, at: start + .seconds(17)))
    }
}
