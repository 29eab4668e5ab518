public import NIOCore

/// An answer that comes later, and is the same to everybody who asks in the same words, path and query, meanwhile.
public struct HTTPSharedAnswer: Sendable {
    public typealias Observer = @Sendable (HTTPRequest, HTTPResponse) -> Void

    /// What all get. A lease keeps the response from then on.
    public let answer: EventLoopFuture<HTTPAnswer>
    /// Called for each request that is answered, on its event loop, before it is.
    public let observer: Observer?

    public init(_ answer: EventLoopFuture<HTTPAnswer>, observer: Observer? = nil) {
        self.answer = answer
        self.observer = observer
    }
}
