/// Codes with which a publish is refused; these are the ones that encoders show to their users.
public enum PublishRefusal: String, Sendable, Hashable, CaseIterable {
    /// Key unknown, or stream busy.
    case badName = "NetStream.Publish.BadName"
    /// Key revoked.
    case denied = "NetStream.Publish.Denied"
    /// Everything else, such as a full server.
    case rejected = "NetStream.Publish.Rejected"
}
