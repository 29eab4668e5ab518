import Foundation
import NIOCore

/// A socket that listens, bound before the server that answers on it exists.
enum ListeningSocket {
    /// Whoever connects while a server is started again waits here.
    private static let backlog: Int32 = 4096

    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - patience: a port may be in use for as long as a predecessor that was killed needs to disappear.
    /// - Throws: `Failure` with code 69.
    static func open(host: String, port: Int, option: String, patience: Duration) throws -> CInt {
        let address: SocketAddress
        do {
            address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            throw Failure(
                code: Failure.unavailable, description: "\(option): \(host) is not an address of this machine")
        }
        let deadline = ContinuousClock.now + patience
        while true {
            let descriptor = socket(address.protocol.rawValue, Int32(SOCK_STREAM.rawValue), 0)
            if descriptor >= 0, listens(descriptor, on: address) { return descriptor }
            let reason = errno
            if descriptor >= 0 { close(descriptor) }
            guard reason == EADDRINUSE else {
                throw Failure(
                    code: Failure.unavailable,
                    description:
                        "\(option): cannot listen on port \(port) of \(host): \(String(cString: strerror(reason)))")
            }
            guard ContinuousClock.now < deadline else { throw Failure.portInUse(port, option: option) }
            usleep(20_000)
        }
    }

    /// - Returns: false with `errno` set.
    private static func listens(_ descriptor: CInt, on address: SocketAddress) -> Bool {
        var isOn: Int32 = 1
        return setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size)) == 0
            && address.withSockAddr { bind(descriptor, $0, socklen_t($1)) } == 0
            && listen(descriptor, backlog) == 0
    }
}

extension Failure {
    static func portInUse(_ port: Int, option: String) -> Failure {
        Failure(
            code: unavailable,
            description: "port \(port) is in use: stop what uses it, or choose another with \(option)")
    }
}
