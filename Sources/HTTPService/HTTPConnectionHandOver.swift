import Logging
import NIOCore

/// Connections that leave HTTP.
extension HTTPConnectionHandler {
    func handOver(_ request: HTTPRequest, _ function: HTTPHandOver, _ context: ChannelHandlerContext) {
        if loop.logsAccess { logAccess(request, 0, 0) }
        leave(context) { try function($0, request, $1) }
    }

    /// Gives the connection away with what was read of it and not taken.
    func leave(_ context: ChannelHandlerContext, _ takeOver: (any Channel, ByteBuffer) throws -> Void) {
        let channel = context.channel
        let surplus = input
        input = ByteBuffer()
        phase = .ended
        let resumesReading = readIsWithheld
        readIsWithheld = false
        flushIfNeeded(context)
        loop.handOver(self, channel: channel)
        isRegistered = false
        do {
            // The new owner sees the end of the connection as such, and reads pieces as large as they come.
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: inputIsClosed)
            try channel.syncOptions?.setOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
            try takeOver(channel, surplus)
            if inputIsClosed {
                channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            }
            if resumesReading, try channel.syncOptions?.getOption(.autoRead) ?? true { channel.read() }
        } catch is ChannelError {
            // The peer has left in the meantime.
            loop.logger.debug("A connection ended before it was handed over", metadata: ["client": "\(peerAddress)"])
            channel.close(promise: nil)
        } catch {
            loop.logger.warning("A connection could not be handed over", metadata: ["error": "\(error)"])
            channel.close(promise: nil)
        }
    }
}
