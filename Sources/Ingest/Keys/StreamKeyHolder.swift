/// Whom a stream key lets in.
struct StreamKeyHolder: Sendable, Hashable {
    var keyID: String
    var channelID: String
    var channelName: String
}
