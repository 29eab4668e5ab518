public import HTTPService

/// What a player says when it tells that somebody listens.
public struct Beacon: Sendable {
    public let address: IPAddress
    public let userAgent: String
    /// The player is ours: it is counted by its session, and by nothing else.
    public let isOurs: Bool
    /// As the server gave it to the player; nil where it has none yet.
    public let session: String?

    public init(address: IPAddress, userAgent: String, isOurs: Bool, session: String?) {
        self.address = address
        self.userAgent = userAgent
        self.isOurs = isOurs
        self.session = session
    }
}
