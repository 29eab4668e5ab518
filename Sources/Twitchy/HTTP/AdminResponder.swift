import HTTPService
import NIOCore
import Telemetry

/// Health and metrics, for operators.
struct AdminResponder: HTTPResponder {
    let health: HealthRegistry
    let metrics: MetricsRegistry

    func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        switch request.path {
        case "/healthz": .response(HealthResponder.alive)
        case "/readyz": .response(readiness)
        case "/metrics":
            .response(
                HTTPResponse(
                    contentType: MetricsRegistry.prometheusContentType, fields: [.cacheControl("no-store")],
                    body: ByteBuffer(string: metrics.renderPrometheusText())))
        default: .pass
        }
    }

    private var readiness: HTTPResponse {
        let report = health.report()
        return .json(ByteBuffer(string: report.json), status: report.isReady ? .ok : .serviceUnavailable)
    }
}

/// `/healthz` on the public port too.
struct HealthResponder: HTTPResponder {
    static let alive = HTTPResponse.text("ok\n", fields: [.cacheControl("no-store")])

    func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        request.path == "/healthz" ? .response(Self.alive) : .pass
    }
}
