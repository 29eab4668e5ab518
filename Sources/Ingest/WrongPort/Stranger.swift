public import HTTPService
public import Logging
import NIOCore

/// Has connections to a port for HTTP taken over whose first byte is of another protocol, and says where that goes.
public struct Stranger: Sendable {
    private enum FirstByte {
        /// A record of TLS (RFC 8446 §5.1).
        static let tls: UInt8 = 0x16
        /// Versions of RTMP's handshake: plain, and those of RTMPE.
        static let rtmp: Set<UInt8> = [3, 6, 8]
    }

    private let ports: OpenPorts
    private let logger: Logger

    public init(ports: OpenPorts, logger: Logger) {
        self.ports = ports
        self.logger = logger
    }

    /// Who takes over a connection that begins with this byte; nil where it is of no protocol that is known here.
    public func takeOver(_ firstByte: UInt8) -> HTTPStranger? {
        switch firstByte {
        case FirstByte.tls:
            { connection, client, _ in
                // An alert of TLS has no room for words.
                log(ports.whereTLSGoes, client)
                connection.close(promise: nil)
            }
        case _ where FirstByte.rtmp.contains(firstByte):
            { connection, client, bytes in
                log(ports.whereRTMPGoes, client)
                try connection.pipeline.syncOperations.addHandler(
                    MisdirectedRTMPHandler(sentence: ports.whereRTMPGoes, surplus: bytes))
            }
        default: nil
        }
    }

    private func log(_ reason: String, _ client: IPAddress) {
        logger.notice("Connection refused", metadata: ["reason": "\(reason)", "client": "\(client)"])
    }
}
