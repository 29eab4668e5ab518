import Foundation
import Testing

@testable import Telemetry

@Suite struct ProcessMetricsTests {
    private func value(_ name: String, _ metrics: MetricsRegistry) throws -> Double {
        let lines = metrics.renderPrometheusText().split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix(name + " ") })
        return try #require(line.split(separator: " ").last.flatMap { Double($0) })
    }

    @Test func tellsPlausibleReadingsOfThisProcess() throws {
        let metrics = MetricsRegistry()
        metrics.observeProcess()
        #expect(try (1_000_000...100_000_000_000).contains(value("twitchy_process_resident_memory_bytes", metrics)))
        #expect(try value("twitchy_process_cpu_seconds_total", metrics) > 0)
        let now = Date().timeIntervalSince1970
        #expect(try (now - 86_400...now + 60).contains(value("twitchy_process_start_time_seconds", metrics)))
    }

    @Test func seesOpenedFiles() throws {
        let before = try #require(ProcessStatistics.openDescriptorCount)
        let pipes = (0..<200).map { _ in Pipe() }
        let after = try #require(ProcessStatistics.openDescriptorCount)
        // Tests beside this one open and close files of their own, but not hundreds.
        #expect((300...500).contains(after - before))
        #expect(pipes.count == 200)
    }
}
