import HTTPService
import Logging
import NIOCore
import NIOPosix

/// Listens for encoders that speak RTMP, plain or in TLS.
struct RTMPListener {
    let ingest: IngestContext
    let limiter: ConnectionLimiter
    /// Puts TLS into a connection's pipeline.
    let secure: (@Sendable (any Channel) throws -> Void)?
    let group: any EventLoopGroup
    let logger: Logger

    /// - Throws: `IngestError.addressInUse`.
    func bind(host: String, port: Int, socket: CInt?) async throws -> any Channel {
        do {
            return try await ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelOption(.maxMessagesPerRead, value: ConnectionGate.acceptsAtOnce)
                .serverChannelInitializer { [limiter] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ConnectionGate(limiter: limiter))
                    }
                }
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { [ingest, secure, logger] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try secure?(channel)
                        let origin = "\(secure == nil ? "rtmp" : "rtmps") \(channel.remoteAddress?.description ?? "?")"
                        try channel.pipeline.syncOperations.addHandler(
                            RTMPHandler(ingest: ingest, origin: origin, logger: logger))
                    }
                }
                .listen(host: host, port: port, socket: socket, backlog: 256)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw IngestError.addressInUse(port: port, option: secure == nil ? "--rtmp-port" : "--rtmps-port")
        }
    }
}
