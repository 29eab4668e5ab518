import Glibc
package import NIOCore
package import NIOPosix

extension ServerBootstrap {
    /// Listens at an address, or at a socket that listens there already.
    ///
    /// - Parameters:
    ///   - socket: inherited from the process that started this one; it is closed with the channel.
    ///   - backlog: how many connections may wait to be accepted.
    package func listen(
        host: String, port: Int, socket: CInt?, backlog: Int32
    ) async throws -> any Channel {
        guard let socket else {
            return try await serverChannelOption(.backlog, value: backlog).bind(host: host, port: port).get()
        }
        let channel = try await withBoundSocket(socket).get()
        // NIO makes the backlog of a socket that it is given its own default, 128.
        _ = Glibc.listen(socket, backlog)
        return channel
    }
}
