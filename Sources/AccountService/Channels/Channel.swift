/// A channel as its owner knows it.
public struct Channel: Sendable, Hashable {
    /// A decimal number.
    public let id: String
    public let name: String
    public let title: String
    /// The user's id; `nil` for a channel that was made by an administrator.
    public let ownerID: String?
    /// Whether its next streams are kept as recordings.
    public let isRecorded: Bool
}
