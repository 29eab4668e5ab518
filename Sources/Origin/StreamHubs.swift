import AudioTimeline
import Logging
import MessageBus
import NIOCore
import SegmentStore
import Synchronization
import Telemetry

/// The streams that somebody asks for: only those are read.
final class StreamHubs: Sendable {
    private struct State {
        var hubs: [String: (hub: StreamHub, reader: Task<Void, Never>)] = [:]
        var isShutDown = false
    }

    private let bus: any MessageBus
    private let settings: OriginSettings
    private let metrics: OriginMetrics
    private let logger: Logger
    private let state = Mutex(State())

    init(bus: any MessageBus, settings: OriginSettings, metrics: OriginMetrics, logger: Logger) {
        self.bus = bus
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
    }

    /// The stream's hub; reading begins with the first call.
    func hub(_ stream: String) -> StreamHub? {
        state.withLock { state in
            if let entry = state.hubs[stream], !entry.hub.isClosed { return entry.hub }
            guard !state.isShutDown else { return nil }
            let hub = StreamHub(stream: stream, settings: settings)
            state.hubs[stream] = (hub, Task { await self.run(hub) })
            metrics.streams.set(state.hubs.count)
            return hub
        }
    }

    func shutDown() {
        let entries = state.withLock { state in
            state.isShutDown = true
            defer { state.hubs = [:] }
            return Array(state.hubs.values)
        }
        for entry in entries {
            entry.reader.cancel()
            entry.hub.close()
        }
    }

    /// Reads the stream's log until nobody asks for it any more.
    private func run(_ hub: StreamHub) async {
        let reading = Task { await read(into: hub) }
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(500))
            guard hub.expire(now: .now()) else { break }
        }
        reading.cancel()
        hub.close()
        state.withLock { state in
            if state.hubs[hub.stream]?.hub === hub { state.hubs[hub.stream] = nil }
            metrics.streams.set(state.hubs.count)
        }
    }

    private func read(into hub: StreamHub) async {
        var filter = MediaLogFilter()
        var start = LogStart.first
        while !Task.isCancelled {
            do {
                let reader = try await bus.read(Topology.media(hub.stream), from: start)
                while let reading = try await reader.next() {
                    guard case .entry(let logged) = reading else { continue }
                    start = .after(logged.offset)
                    accept(logged.payload, with: &filter, into: hub)
                }
            } catch is CancellationError {
                return
            } catch BusError.noSuchLog {
                // Not declared yet, or the stream is long over; what was read stays until nobody asks.
                if filter.hasEnded { return }
            } catch {
                logger.warning(
                    "Log not read; trying again", metadata: ["stream": "\(hub.stream)", "reason": "\(error)"])
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    private func accept(_ payload: ByteBuffer, with filter: inout MediaLogFilter, into hub: StreamHub) {
        do {
            switch filter.accept(try MediaLogEntry(decoding: payload)) {
            case .bundle(let bundle):
                hub.add(bundle)
                metrics.bundles.increment()
            case .end: hub.end()
            case .fence, nil: break
            }
        } catch {
            logger.error("Log entry set aside", metadata: ["stream": "\(hub.stream)", "reason": "\(error)"])
        }
    }
}
