import FFmpeg
import Foundation
import NIOCore

/// The bytes of a push on their way from an event loop to the thread that demuxes them.
///
/// Bounded by its filler, which stops reading the connection while `isFull`.
final class ByteQueue: DemuxerInput, Sendable {
    private struct Chunk {
        var bytes: ByteBuffer
        var arrival: Int64
    }

    private struct State {
        /// A peer may send a byte at a time, so there may be many.
        var chunks = CircularBuffer<Chunk>()
        var lastArrival: Int64?
        var bytes = 0
        var hasEnded = false
        var isStopped = false
        var wantsRoom = false
    }

    private let condition = NSCondition()
    // Touched only between `condition.lock()` and `condition.unlock()`.
    private nonisolated(unsafe) var state = State()
    private let onRoom: @Sendable () -> Void

    private static let limit = 256 << 10

    /// - Parameter onRoom: called on the demuxer's thread when a full queue has room again.
    init(onRoom: @escaping @Sendable () -> Void) { self.onRoom = onRoom }

    /// - Returns: whether the connection may go on reading.
    func add(_ chunk: ByteBuffer) -> Bool {
        guard chunk.readableBytes > 0 else { return true }
        condition.lock()
        defer { condition.unlock() }
        state.chunks.append(Chunk(bytes: chunk, arrival: MonotonicClock.now))
        state.bytes += chunk.readableBytes
        condition.signal()
        guard state.bytes >= Self.limit else { return true }
        state.wantsRoom = true
        return false
    }

    /// No more bytes come; what is there is still read.
    func end() { change { $0.hasEnded = true } }

    /// When the newest bytes came that were read, nanoseconds of the monotonic clock.
    var lastArrival: Int64? {
        condition.lock()
        defer { condition.unlock() }
        return state.lastArrival
    }

    var isStopped: Bool {
        condition.lock()
        defer { condition.unlock() }
        return state.isStopped
    }

    /// Nobody wants the bytes any more.
    func stop() { change { $0.isStopped = true } }

    private func change(_ body: (inout State) -> Void) {
        condition.lock()
        body(&state)
        condition.signal()
        condition.unlock()
    }

    func read(maxLength: Int) throws(FFmpegError) -> ByteBuffer? {
        condition.lock()
        while state.chunks.isEmpty, !state.hasEnded, !state.isStopped { condition.wait() }
        guard !state.isStopped else {
            condition.unlock()
            throw FFmpegError(.stopped, "the push was closed")
        }
        guard var chunk = state.chunks.popFirst() else {
            condition.unlock()
            return nil
        }
        let part = chunk.bytes.readSlice(length: min(maxLength, chunk.bytes.readableBytes))
        state.lastArrival = chunk.arrival
        if chunk.bytes.readableBytes > 0 { state.chunks.prepend(chunk) }
        state.bytes -= part?.readableBytes ?? 0
        let hasRoom = state.wantsRoom && state.bytes < Self.limit / 2
        if hasRoom { state.wantsRoom = false }
        condition.unlock()
        if hasRoom { onRoom() }
        return part
    }
}
