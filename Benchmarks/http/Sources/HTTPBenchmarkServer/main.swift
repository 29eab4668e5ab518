import HTTPService
import Logging
import NIOCore
import NIOPosix

/// Serves a part and a segment from memory through the responder path that the origin uses: a look-up by path,
/// then one shared response. One event loop, as nginx has one worker.
struct MediaResponder: HTTPResponder {
    private let responses: [ByteBufferView: HTTPAnswer]

    init(_ media: [(path: String, size: Int)]) {
        var responses: [ByteBufferView: HTTPAnswer] = [:]
        for (path, size) in media {
            var body = ByteBuffer()
            body.writeBytes((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            responses[ByteBuffer(string: path).readableBytesView] = .response(
                HTTPResponse(
                    contentType: "audio/mp4", fields: [.cacheControl("public, max-age=86400, immutable")], body: body,
                    entityTag: "1-1", allowsRanges: true, isCrossOrigin: true))
        }
        self.responses = responses
    }

    func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        responses[request.rawPath] ?? .pass
    }
}

let port = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 0 : 0
let server = HTTPServer(
    host: "127.0.0.1", port: port, group: MultiThreadedEventLoopGroup(numberOfThreads: 1),
    responders: [
        MediaResponder([("/hls/demo/1/aac-192/1-7.3.m4s", 5_000), ("/hls/demo/1/aac-256/1-7.m4s", 64 * 1024)])
    ],
    logger: Logger(label: "benchmark"))
print(try await server.start())
try await server.run()
