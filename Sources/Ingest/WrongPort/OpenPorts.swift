import Synchronization

/// Which port takes what, as far as this process knows, to send on who came to the wrong one.
public final class OpenPorts: Sendable {
    /// nil where there is none.
    public struct Numbers: Sendable {
        public var http: Int?
        public var rtmp: Int?
        public var rtmps: Int?
        public var icecast: Int?

        public init(http: Int? = nil, rtmp: Int? = nil, rtmps: Int? = nil, icecast: Int? = nil) {
            self.http = http
            self.rtmp = rtmp
            self.rtmps = rtmps
            self.icecast = icecast
        }
    }

    private let numbers = Mutex(Numbers())

    public init() {}

    public func set(_ numbers: Numbers) { self.numbers.withLock { $0 = numbers } }

    /// For an encoder that speaks RTMP to another port.
    var whereRTMPGoes: String {
        let numbers = numbers.withLock { $0 }
        return sentence("This port does not take RTMP.", [("Push RTMP to port", numbers.rtmp)])
    }

    /// For who speaks TLS to a port that does not.
    var whereTLSGoes: String {
        let numbers = numbers.withLock { $0 }
        return sentence("This port does not take TLS.", [("Push RTMPS to port", numbers.rtmps)])
    }

    /// For who speaks HTTP to a port for RTMP.
    var whereHTTPGoes: String {
        let numbers = numbers.withLock { $0 }
        return sentence(
            "This port takes RTMP.",
            [("Push over Icecast or HTTP to port", numbers.icecast), ("Pages and playlists are at port", numbers.http)])
    }

    /// For a source client at the port of pages and playlists.
    public var whereSourcesGo: String {
        let numbers = numbers.withLock { $0 }
        return sentence("This port does not take audio.", [("Push over Icecast or HTTP to port", numbers.icecast)])
    }

    private func sentence(_ first: String, _ more: [(String, Int?)]) -> String {
        more.reduce(first) { text, place in place.1.map { "\(text) \(place.0) \($0)." } ?? text }
    }
}
