import HTTPService

/// How many connections each listener may have, so that no listener takes another's places and all of them together
/// leave file descriptors for the admin port, the databases, the store and the broker.
struct ConnectionPlaces: Equatable {
    /// Of the HTTP port.
    var listeners = 0
    /// Of RTMP, with and without TLS, and as many again of Icecast.
    var encoders = 0
    /// Of the admin port; from the reserve.
    let admin = 64

    /// - Parameters:
    ///   - descriptors: how many the process may have.
    ///   - cores: each has an event loop with descriptors of its own.
    ///   - maximum: what the operator wants at most; nil for ``usual``.
    init(descriptors: Int, cores: Int, maximum: Int?, hasListeners: Bool, hasEncoders: Bool) {
        let reserve = max(128 + (8 + HTTPServer.filesOfAnEventLoop) * cores, min(1024, descriptors / 8))
        // Where the limit is absurdly low, a few connections are still better than none.
        let total = max(16, min(maximum ?? Self.usual, descriptors - reserve))
        if hasEncoders { encoders = hasListeners ? max(4, min(total / 8, Self.mostEncoders)) : total / 2 }
        if hasListeners { listeners = total - 2 * encoders }
    }

    /// Connections for which memory is no concern.
    static let usual = 65_536
    private static let mostEncoders = 4096

    /// One address may have a quarter of a listener's places: many people share an address, and still nobody can take
    /// the port from the others.
    static func perAddress(of places: Int) -> Int { max(2, min(places / 4, 4096)) }
}
