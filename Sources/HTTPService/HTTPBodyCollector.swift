import NIOCore

/// Why a body cannot be collected.
enum HTTPBodyError: Error {
    case tooLarge
    case malformed
}

/// Collects a small body for an async function.
struct HTTPBodyCollector {
    let request: HTTPRequest
    let limit: Int
    let function: @Sendable (HTTPRequest, ByteBuffer) async -> HTTPResponse
    private(set) var body = ByteBuffer()
    private var decoder: HTTPBodyDecoder

    init(
        request: HTTPRequest, limit: Int, function: @escaping @Sendable (HTTPRequest, ByteBuffer) async -> HTTPResponse
    ) {
        self.request = request
        self.limit = limit
        self.function = function
        decoder = HTTPBodyDecoder(request.head.framing)
    }

    var isFinished: Bool { decoder.isFinished }

    mutating func take(from input: inout ByteBuffer) throws(HTTPBodyError) {
        do {
            while var piece = try decoder.next(from: &input) {
                if body.readableBytes + piece.readableBytes > limit { throw HTTPBodyError.tooLarge }
                body.writeBuffer(&piece)
            }
        } catch is ChunkedBodyError {
            throw .malformed
        } catch {
            throw .tooLarge
        }
    }
}
