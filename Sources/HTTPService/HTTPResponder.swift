public import Logging
public import NIOCore

/// What a responder may use besides the request.
public struct HTTPContext: Sendable {
    /// The loop of the connection; responders are called on it.
    public let eventLoop: any EventLoop
    public let logger: Logger

    public init(eventLoop: any EventLoop, logger: Logger) {
        self.eventLoop = eventLoop
        self.logger = logger
    }
}

/// Answers requests. A server asks its responders in order, until one does not answer `.pass`.
public protocol HTTPResponder: Sendable {
    /// Called on the connection's event loop: it must not block. What takes longer goes into `.future` or
    /// `.async`.
    func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer
}

/// What a responder makes of a request.
public enum HTTPAnswer: Sendable {
    /// At once: no allocation, no hop. The way of playlists.
    case response(HTTPResponse)
    /// At once, and the same to everybody who asks for this path, until the lease is revoked: the server keeps it and
    /// does not ask the responders again. The way of segments and parts.
    case leased(HTTPResponse, HTTPLease)
    /// Held until the future is fulfilled. When the server shuts down, the client gets 503 at once.
    case future(EventLoopFuture<HTTPResponse>)
    /// As `future`, once for all who ask in the same words: the server does not ask the responders for those who come
    /// within a second, and gives the answer to all of them. The way of blocking playlist reloads and hinted parts.
    case shared(HTTPSharedAnswer)
    /// Found by an async function. Its task is cancelled when the client leaves or the server shuts down.
    case async(@Sendable () async -> HTTPResponse)
    /// As `async`, where the way of answering itself has to be found out: to look up a stream key before a
    /// connection is handed over.
    case decide(@Sendable () async -> HTTPAnswer)
    /// Collects a body of at most `limit` bytes, answers `Expect: 100-continue`, then calls the function.
    case body(limit: Int, @Sendable (HTTPRequest, ByteBuffer) async -> HTTPResponse)
    /// Gives the connection away: HTTP's handlers are removed, and the function installs others.
    case handOver(HTTPHandOver)
    /// Another responder may know; after the last one the answer is 404.
    case pass
}

/// Takes over a connection whose request's head was read. It is called on the connection's event loop, after the
/// server's own handler was removed from the pipeline, and must add its handlers before it returns
/// (`channel.pipeline.syncOperations`): reading goes on after that. It writes the response itself.
///
/// `surplus` has the bytes that were read behind the head: the begin of the body, not yet taken apart
/// (`HTTPBodyDecoder`). The channel gets `ChannelShouldQuiesceEvent` when the server shuts down, and is closed
/// when the time for that has run out. A peer that has already closed its side is reported by
/// `ChannelEvent.inputClosed`. If the function throws, the connection is closed.
public typealias HTTPHandOver =
    @Sendable (_ channel: any Channel, _ request: HTTPRequest, _ surplus: ByteBuffer) throws -> Void

/// A responder made of a function.
public struct HTTPResponderFunction: HTTPResponder {
    private let function: @Sendable (HTTPRequest, HTTPContext) -> HTTPAnswer

    public init(_ function: @escaping @Sendable (HTTPRequest, HTTPContext) -> HTTPAnswer) {
        self.function = function
    }

    public func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        function(request, context)
    }
}
