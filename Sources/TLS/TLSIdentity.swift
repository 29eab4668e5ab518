public import Logging
public import NIOCore
public import NIOPosix
import NIOSSL
import Synchronization

/// The certificate and key that new connections are served with. Read again when the files change; open connections
/// keep what they began with.
public final class TLSIdentity: Sendable {
    private struct State {
        var context: NIOSSLContext
        /// Of the files that were read last, whether they were good or not.
        var read: TLSFiles.Stamp?
        /// Of the last look.
        var seen: TLSFiles.Stamp?
    }

    private let files: TLSFiles
    private let state: Mutex<State>

    /// How often the files are looked at.
    public static let interval = Duration.seconds(1)

    /// Reads the files; blocks.
    public init(_ files: TLSFiles) throws(TLSFilesError) {
        self.files = files
        let stamp = files.stamp
        state = Mutex(State(context: try files.load(), read: stamp, seen: stamp))
    }

    /// What became of a look at the files.
    enum Look: Equatable {
        case unchanged
        case loaded
        case broken(TLSFilesError)
    }

    /// Reads the files anew if they have changed and stood still since the last look: whoever replaces them does one
    /// after the other. Blocks.
    func look() -> Look {
        let stamp = files.stamp
        let isDue = state.withLock { state in
            defer { state.seen = stamp }
            return stamp != nil && stamp != state.read && stamp == state.seen
        }
        guard isDue else { return .unchanged }
        do {
            let context = try files.load()
            state.withLock { ($0.context, $0.read) = (context, stamp) }
            return .loaded
        } catch {
            // Told once: not again before the files change again.
            state.withLock { $0.read = stamp }
            return .broken(error)
        }
    }

    /// Looks at the files until cancelled.
    /// - Parameter threads: where files are read.
    public func follow(on threads: NIOThreadPool, logger: Logger) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            // Fails only when the threads have ended, and the process with them.
            guard let look = try? await threads.runIfActive({ self.look() }) else { return }
            switch look {
            case .unchanged: break
            case .loaded: logger.info("Certificate read again", metadata: ["file": "\(files.certificate)"])
            case .broken(let error):
                logger.warning(
                    "The new certificate cannot be used; the old one stays", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Makes a connection speak TLS, to be called while it is set up.
    public func secure(_ connection: any Channel) throws {
        try connection.pipeline.syncOperations.addHandler(handler(), position: .first)
    }

    /// Makes a connection speak TLS if its first byte says so, to be called while it is set up.
    public func secureIfAsked(_ connection: any Channel) throws {
        try connection.pipeline.syncOperations.addHandler(TLSDetector(identity: self), position: .first)
    }

    func handler() -> NIOSSLServerHandler {
        NIOSSLServerHandler(context: state.withLock { $0.context })
    }
}
