import NIOPosix
import Synchronization

/// Threads for what takes milliseconds: a playlist of twelve hours takes 70 of them to render and compress. On the event
/// loops or the cooperative pool, of which each has as many threads as there are cores, that would stop live playback.
final class LongWork: Sendable {
    /// Too much is waiting already.
    struct Busy: Error {}

    /// Renders and compresses playlists.
    private let rendering: NIOThreadPool
    /// Decodes indices: live playback waits for one when a stream is asked for first, and does not queue behind
    /// playlists for it.
    private let decoding: NIOThreadPool
    private let waiting = Atomic<Int>(0)
    private static let maximumWaiting = 256

    /// - Parameter cores: of the machine; three quarters of them stay free of playlists.
    init(cores: Int) {
        rendering = NIOThreadPool(numberOfThreads: max(1, cores / 4))
        decoding = NIOThreadPool(numberOfThreads: 1)
    }

    func start() {
        rendering.start()
        decoding.start()
    }

    func shutDown() {
        // Whoever waits for work gets an error, which is all that is left to do.
        rendering.shutdownGracefully { _ in }
        decoding.shutdownGracefully { _ in }
    }

    /// - Throws: `Busy`, or what `body` throws.
    func render<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await run(on: rendering, body)
    }

    /// - Throws: `Busy`, or what `body` throws.
    func decode<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await run(on: decoding, body)
    }

    private func run<Value: Sendable>(
        on pool: NIOThreadPool, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        defer { waiting.subtract(1, ordering: .relaxed) }
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.maximumWaiting else { throw Busy() }
        return try await pool.runIfActive(body)
    }
}
