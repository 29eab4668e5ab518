import Dispatch
import Foundation
import NIOCore
import RTMP
import TestSupport

@testable import Ingest

/// The bytes of one connection, put through everything between its socket and the clock.
struct WholePush {
    var sink: any PushSink
    var random: SplitMix64

    private enum Failure: Error {
        case hangs
    }

    /// The body of an HTTP push.
    mutating func body(_ bytes: [UInt8], contentType: String?, endsCleanly: Bool = false) throws {
        let (room, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let source = BodySource(
            push: sink, contentType: contentType, onRoom: { room.signal() }, onOutcome: { _ in done.signal() })
        defer { source.stop() }
        var rest = ByteBuffer(bytes: bytes)
        do {
            while let piece = rest.readSlice(length: pieceLength(rest)), piece.readableBytes > 0 {
                guard try !source.received(piece) else { continue }
                // Either there is room again, or the demuxer has given up.
                while room.wait(timeout: .now() + 0.005) == .timedOut {
                    if done.wait(timeout: .now()) == .success { return sink.lost() }
                }
            }
            try source.ended(endsCleanly ? .clean : .lost)
        } catch {
            return sink.lost()
        }
        guard done.wait(timeout: .now() + 60) == .success else { throw Failure.hangs }
    }

    /// All that an encoder sends over RTMP, from its handshake on.
    mutating func rtmp(_ bytes: [UInt8]) {
        var session = RTMPServerSession()
        var tags = TagSource()
        var rest = ByteBuffer(bytes: bytes)
        defer { sink.lost() }
        while var piece = rest.readSlice(length: pieceLength(rest)), piece.readableBytes > 0 {
            do {
                repeat {
                    var events: [RTMPEvent] = []
                    try session.receive(&piece, into: &events)
                    _ = session.takeOutput()
                    // What was held until the answer comes with the next call.
                    var isAnswered = false
                    for event in events {
                        switch event {
                        case .publish:
                            session.acceptPublish()
                            isAnswered = true
                        case .audio(let tag): try sink.take(tags.items(of: tag))
                        default: break
                        }
                    }
                    if !isAnswered { break }
                } while true
            } catch {
                return
            }
        }
    }

    private mutating func pieceLength(_ rest: ByteBuffer) -> Int {
        min(rest.readableBytes, Int.random(in: 1...16_384, using: &random))
    }
}

/// Runs what blocks on a thread of its own.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result { try body() }) }
        thread.stackSize = 1 << 20
        thread.start()
    }
}
