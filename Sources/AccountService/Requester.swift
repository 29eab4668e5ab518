/// On whose behalf something is done.
public enum Requester: Sendable, Hashable {
    /// By the command line or an administrator: everything is allowed.
    case administrator
    /// By the user with this id.
    case user(String)

    func requireOwner(of channel: ChannelRow) throws(AccountError) {
        switch self {
        case .administrator:
            return
        case .user(let id):
            guard let ownerID = channel.ownerID, String(ownerID) == id else { throw .notOwner(channel.name) }
        }
    }
}
