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
    private static let extensions = ["mp3", "aac", "ogg", "oga", "opus", "flac", "webm"]

    func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        switch request.method {
        case .put, .source: return push(request)
        case .post where request.pathHasPrefix("/push/"): return push(request)
        case .post where request.path == "/admin/metadata":
            return .body(limit: 16 << 10) { request, body in
                await update(request, HTTPQuery(body.readableBytesView))
            }
        case .options:
            return .response(HTTPResponse(status: .ok, fields: [Self.allow], body: ByteBuffer()))
        case .get, .head:
            switch request.path {
            case "/admin/metadata": return .async { await update(request, request.queryParameters) }
            case "/status-json.xsl": return .async { await status(request) }
            default: return .pass
            }
        default: return .pass
        }
    }

    // MARK: Audio

    private func push(_ request: HTTPRequest) -> HTTPAnswer {
        guard let channel = Self.channel(request) else {
            return .response(Self.refusal(HTTPStatus(404, reason: "No such mount; use your channel's name"), request))
        }
        // Clients of libshout ask without credentials first: not a failed login.
        guard let key = request.streamKey else { return .response(Self.unauthorized(request)) }
        return .decide {
            do {
                guard let holder = try await ingest.keys.holder(of: key) else {
                    return refused(.unknownKey, request)
                }
                guard holder.channelName == channel else { return refused(.wrongChannel(channel), request) }
                return .handOver { connection, request, surplus in
                    try handOver(connection, request, surplus, holder: holder)
                }
            } catch {
                logger.error("Stream key not looked up", metadata: ["reason": "\(error)"])
                return .response(Self.refusal(.serviceUnavailable, request))
            }
        }
    }

    private func handOver(
        _ connection: any Channel, _ request: HTTPRequest, _ surplus: ByteBuffer, holder: StreamKeyHolder
    ) throws {
        let loop = connection.eventLoop
        let box = SourceBox()
        let boundBox = NIOLoopBound(box, eventLoop: loop)
        let isPush = request.pathHasPrefix("/push/")
        let push = Push(
            holder: holder, origin: "\(isPush ? "http" : "icecast") \(request.clientAddress)",
            streams: ingest.streams, logger: logger
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

    private func refused(_ refusal: PushRefusal, _ request: HTTPRequest) -> HTTPAnswer {
        ingest.metrics.refusedPushes.increment()
        logger.notice(
            "Push refused", metadata: ["reason": "\(refusal.sentence)", "origin": "icecast \(request.clientAddress)"])
        // Never 403: some clients take it for a mount in use and try for ever.
        return .response(Self.refusal(HTTPStatus(401, reason: refusal.sentence), request))
    }

    /// `/CHANNEL`, `/CHANNEL.mp3` or `/push/CHANNEL`.
    private static func channel(_ request: HTTPRequest) -> String? {
        var segments = request.pathSegments
        if segments.count == 2, segments[0] == "push" { segments.removeFirst() }
        guard segments.count == 1, !segments[0].isEmpty else { return nil }
        let parts = segments[0].split(separator: ".", maxSplits: 1)
        if parts.count == 2, extensions.contains(String(parts[1])) { return String(parts[0]) }
        return segments[0]
    }

    private static func unauthorized(_ request: HTTPRequest) -> HTTPResponse {
        refusal(HTTPStatus(401, reason: "Stream key needed as password"), request)
    }

    /// The sentence stands in the reason phrase too, which is all that many clients show.
    private static func refusal(_ status: HTTPStatus, _ request: HTTPRequest) -> HTTPResponse {
        var fields = [allow, HTTPField("Accept-Encoding", "identity")]
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
        do {
            guard let holder = try await ingest.keys.holder(of: key) else {
                return Self.refusal(HTTPStatus(401, reason: PushRefusal.unknownKey.sentence), request)
            }
            guard let stream = await ingest.streams.stream(ofChannel: holder.channelID) else {
                return .text("The channel is not on the air.\n", status: .notFound)
            }
            stream.told(Self.nowPlaying(query).cleaned)
            return .text("Metadata update successful\n")
        } catch {
            logger.error("Stream key not looked up", metadata: ["reason": "\(error)"])
            return .text("Try again in a moment.\n", status: .serviceUnavailable)
        }
    }

    private static func nowPlaying(_ query: HTTPQuery) -> NowPlaying {
        func text(_ name: String) -> String? { query.rawValue(of: name).map { decodeText($0) } }
        if let title = text("title") { return NowPlaying(title: title, artist: text("artist") ?? "") }
        return NowPlaying(streamTitle: text("song") ?? "")
    }

    /// UTF-8 if it is that, otherwise Latin-1, as old clients send it.
    private static func decodeText(_ raw: ByteBufferView) -> String {
        var bytes: [UInt8] = []
        var index = raw.startIndex
        while index < raw.endIndex {
            let byte = raw[index]
            if byte == UInt8(ascii: "%"), index + 2 < raw.endIndex,
                let high = Character(Unicode.Scalar(raw[index + 1])).hexDigitValue,
                let low = Character(Unicode.Scalar(raw[index + 2])).hexDigitValue
            {
                bytes.append(UInt8(high * 16 + low))
                index += 3
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                index += 1
            }
        }
        return String(validating: bytes, as: UTF8.self)
            ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
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
