import Dispatch
import Foundation
import Synchronization

/// Hears SIGTERM and SIGINT from the moment on in which it is made, until the process ends.
final class Shutdown: Sendable {
    private let signals: AsyncStream<String>
    private let sources: Mutex<[any DispatchSourceSignal]>

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingOldest(1))
        signals = stream
        sources = Mutex(
            [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")].map { number, name in
                // Its default, which is to end the process at once, comes first otherwise.
                Foundation.signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield(name) }
                source.resume()
                return source
            })
    }

    /// Waits for one of them. Called once.
    func signal() async -> String {
        for await name in signals { return name }
        return "cancellation"
    }
}
