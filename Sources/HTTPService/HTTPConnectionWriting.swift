import CSocket
import NIOCore

/// How the bytes of an answer get to the peer.
extension HTTPConnectionHandler {
    /// Bodies up to this size are copied behind their head: a part of 5 kB costs 4 % less CPU time in one buffer
    /// with `write` than in two with `writev`. Larger bodies are shared and never copied. Three quarters of what is left
    /// is spent in the kernel.
    private static let joinedBodySize = 8 * 1024

    /// Writes the head that was encoded in the loop's buffer, and its body.
    ///
    /// The kernel gets it at once where nothing waits before it: the way through the channel's queue costs a tenth of a
    /// part's time. What the kernel does not take now goes that way, as do the answers to further requests that have
    /// come already, which share a system call.
    /// - Parameter file: the same bytes as a file, if there is one.
    func writeScratch(_ context: ChannelHandlerContext, _ body: ByteBuffer, _ file: HTTPBodyFile? = nil) {
        var body = body
        if let descriptor, input.readableBytes == 0, queueIsEmpty(context) {
            guard send(&body, file, on: descriptor) else {
                // The channel meets the same error when it writes, and ends.
                return queue(body, context)
            }
            if loop.scratch.readableBytes == 0, body.readableBytes == 0 { return }
        } else if body.readableBytes <= Self.joinedBodySize {
            joinBody(&body)
        }
        queue(body, context)
    }

    private func joinBody(_ body: inout ByteBuffer) {
        loop.scratch.writeImmutableBuffer(body)
        body = Self.noBytes
    }

    /// - Returns: false if the connection is broken. What was sent is taken from the buffers.
    private func send(_ body: inout ByteBuffer, _ file: HTTPBodyFile?, on descriptor: CInt) -> Bool {
        if body.readableBytes <= Self.joinedBodySize { joinBody(&body) }
        let count = loop.scratch.withUnsafeReadableBytes { head in
            if let file, file.size == body.readableBytes {
                return twitchy_send_file(descriptor, head.baseAddress, head.count, file.descriptor, file.size)
            }
            return body.withUnsafeReadableBytes { body in
                twitchy_send(descriptor, head.baseAddress, head.count, body.baseAddress, body.count)
            }
        }
        guard count >= 0 else { return false }
        let ofHead = min(count, loop.scratch.readableBytes)
        loop.scratch.moveReaderIndex(forwardBy: ofHead)
        body.moveReaderIndex(forwardBy: count - ofHead)
        return true
    }

    /// Hands what is left to the channel.
    private func queue(_ body: ByteBuffer, _ context: ChannelHandlerContext) {
        mayHaveQueue = true
        needsFlush = true
        if loop.scratch.readableBytes > 0 { context.write(wrapOutboundOut(loop.scratch), promise: nil) }
        if body.readableBytes > 0 { context.write(wrapOutboundOut(body), promise: nil) }
    }

    private func queueIsEmpty(_ context: ChannelHandlerContext) -> Bool {
        if mayHaveQueue {
            guard !needsFlush, queuedBytes(context) == 0 else { return false }
            mayHaveQueue = false
        }
        return context.channel.isActive
    }

    /// Bytes that wait in the channel for the peer to take some.
    func queuedBytes(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
