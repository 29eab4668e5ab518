import HTTPService
import Logging
import NIOCore
import NIOPosix

/// Listens for encoders that speak RTMP.
struct RTMPListener {
    let ingest: IngestContext
    let group: any EventLoopGroup
    let logger: Logger

    /// - Throws: `IngestError.addressInUse`.
    func bind(host: String, port: Int, socket: CInt?) async throws -> any Channel {
        do {
            return try await ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { [ingest, logger] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let origin = "rtmp \(channel.remoteAddress?.description ?? "?")"
                        try channel.pipeline.syncOperations.addHandler(
                            RTMPHandler(ingest: ingest, origin: origin, logger: logger))
                    }
                }
                .listen(host: host, port: port, socket: socket, backlog: 256)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw IngestError.addressInUse(port: port, option: "--rtmp-port")
        }
    }
}
