import AudioTimeline
import HTTPService
import Logging
import NIOCore
import Telemetry

/// Answers Icecast sources, HTTP pushes, and what source clients ask beside them.
struct IcecastResponder: HTTPResponder {
    let ingest: IngestContext
    let logger: Logger

    private static let allow = HTTPField("Allow", "GET, PUT, POST, OPTIONS, SOURCE")

    func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        let path = MountPath(request)
        switch request.method {
        case .put, .source: return push(request, path)
        case .post where path.isPush: return push(request, path)
        case .post where path.isMetadata:
            return .body(limit: 16 << 10) { request, body in
                await update(request, HTTPQuery(body.readableBytesView))
            }
        case .options:
            return .response(HTTPResponse(status: .ok, fields: [Self.allow], body: ByteBuffer()))
        case .get where path.isMetadata, .head where path.isMetadata:
            return .async { await update(request, request.queryParameters) }
        case .get where path.isStatus, .head where path.isStatus: return .async { await status(request) }
        default: return .pass
        }
    }

    // MARK: Audio

    private func push(_ request: HTTPRequest, _ path: MountPath) -> HTTPAnswer {
        guard let channel = path.channel else {
            return .response(Self.refusal(HTTPStatus(404, reason: "No such mount; use your channel's name"), request))
        }
        // Clients of libshout ask without credentials first: not a failed login.
        guard let key = request.streamKey else { return .response(Self.unauthorized(request)) }
        let origin = path.isPush ? "http" : "icecast"
        guard !key.isEmpty else {
            return .decide {
                await ingest.admission.missedKey(from: request.clientAddress, over: origin)
                return .response(Self.unauthorized(request))
            }
        }
        return .decide {
            do throws(PushRefusal) {
                let (holder, place) = try await ingest.admission.admit(
                    [key], mount: channel, from: request.clientAddress, over: origin)
                return .handOver { connection, request, surplus in
                    try handOver(connection, request, surplus, holder, place, origin: origin)
                }
            } catch {
                return .response(Self.refusal(error.status, request, fields: error.fields))
            }
        }
    }

    private func handOver(
        _ connection: any Channel, _ request: HTTPRequest, _ surplus: ByteBuffer, _ holder: StreamKeyHolder,
        _ place: PushPlace, origin: String
    ) throws {
        let loop = connection.eventLoop
        let box = SourceBox()
        let boundBox = NIOLoopBound(box, eventLoop: loop)
        let push = Push(
            holder: holder, place: place, origin: "\(origin) \(request.clientAddress)", streams: ingest.streams,
            logger: logger
        ) { closure in
            loop.execute { boundBox.value.withHandler { $0.closed(closure, $1) } }
        }
        let source = BodySource(
            push: push, contentType: request["content-type"],
            onRoom: { loop.execute { boundBox.value.withHandler { $0.hasRoom($1) } } },
            onOutcome: { outcome in loop.execute { boundBox.value.withHandler { $0.finished(outcome, $1) } } })
        let framing: SourceHandler.Framing =
            switch request.head.framing {
            // An empty length is what some source clients write for a body without end.
            case .none, .length(0): .untilClose
            case .length, .chunked: .framed(HTTPBodyDecoder(request.head.framing))
            }
        var greeting: String?
        if request.method == .source {
            greeting = "HTTP/1.0 200 OK\r\n\r\n"
        } else if request.head.expectsContinue {
            greeting = "HTTP/1.1 100 Continue\r\n\r\n"
        }
        let handler = SourceHandler(
            ingest: ingest, push: push, source: source, framing: framing, greeting: greeting, surplus: surplus)
        box.handler = handler
        try connection.pipeline.syncOperations.addHandler(handler)
    }

    private static func unauthorized(_ request: HTTPRequest) -> HTTPResponse {
        refusal(HTTPStatus(401, reason: "Stream key needed as password"), request)
    }

    /// The sentence stands in the reason phrase too, which is all that many clients show.
    private static func refusal(
        _ status: HTTPStatus, _ request: HTTPRequest, fields more: [HTTPField] = []
    ) -> HTTPResponse {
        var fields = [allow, HTTPField("Accept-Encoding", "identity")] + more
        if status.code == 401 { fields.append(HTTPField("WWW-Authenticate", "Basic realm=\"Twitchy\"")) }
        // A body without framing that comes all the same must not be taken for the next request.
        let isStreaming = request.head.framing == .none && !request.head.expectsContinue
        return HTTPResponse(
            status: status, contentType: "text/plain; charset=utf-8", fields: fields,
            body: ByteBuffer(string: status.reason + "\n"), closesConnection: isStreaming)
    }

    // MARK: Beside the audio

    private func update(_ request: HTTPRequest, _ query: HTTPQuery) async -> HTTPResponse {
        guard let key = request.streamKey else { return Self.unauthorized(request) }
        guard query["mode"] == "updinfo" else {
            return .text("Only mode=updinfo is understood.\n", status: .badRequest)
        }
        do throws(PushRefusal) {
            let holder = try await ingest.admission.identify(key, from: request.clientAddress)
            let text = UpdateText(query)
            if let nowPlaying = text.nowPlaying {
                guard await ingest.streams.told(nowPlaying, channelID: holder.channelID) else {
                    return .text("The channel is not on the air, and no encoder is connected.\n", status: .notFound)
                }
            }
            return .text("Metadata update successful\n" + (text.note.map { $0 + "\n" } ?? ""))
        } catch {
            return Self.refusal(error.status, request, fields: error.fields)
        }
    }

    /// What source clients poll for the number of listeners.
    private func status(_ request: HTTPRequest) async -> HTTPResponse {
        let sources = await ingest.streams.liveChannels().map { name, isPushed in
            "{\"listenurl\":\"\(request.baseURL ?? "")/\(name)\",\"server_name\":\"\(name)\","
                + "\"listeners\":\(ingest.listeners.count(ofChannel: name)),\"on_air\":\(isPushed)}"
        }
        // One source stands alone, several in a list, as Icecast writes them.
        let source = sources.count == 1 ? sources[0] : "[\(sources.joined(separator: ","))]"
        return .json(
            ByteBuffer(string: "{\"icestats\":{\"server_id\":\"Twitchy\",\"source\":\(source)}}"),
            fields: [.cacheControl("no-store")])
    }
}

/// Leads from callbacks to the handler, which is made after them. Touched on its event loop only.
private final class SourceBox {
    weak var handler: SourceHandler?

    func withHandler(_ body: (SourceHandler, ChannelHandlerContext) -> Void) {
        guard let handler, let context = handler.context else { return }
        body(handler, context)
    }
}
