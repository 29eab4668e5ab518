/// Why an account operation was refused, in words for the person who asked.
public enum AccountError: Error, Sendable, Hashable {
    case invalidUsername
    case usernameTaken(String)
    case unknownUser(String)
    case invalidChannelName
    case reservedChannelName(String)
    case channelNameTaken(String)
    case invalidTitle
    case unknownChannel(String)
    /// Only the channel's owner may do this.
    case notOwner(String)
    case invalidLabel
    case expiryInThePast
    case tooManyStreamKeys
    case unknownStreamKey(String)
    case invalidCursor

    /// The field of the request that has to change, where one has to.
    public var field: String? {
        switch self {
        case .invalidUsername, .usernameTaken: "username"
        case .invalidChannelName, .reservedChannelName, .channelNameTaken: "name"
        case .invalidTitle: "title"
        case .invalidLabel: "label"
        case .expiryInThePast: "expiresAt"
        case .invalidCursor: "cursor"
        case .unknownUser, .unknownChannel, .notOwner, .tooManyStreamKeys, .unknownStreamKey: nil
        }
    }
}

extension AccountError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidUsername: "A user name has 3 to 25 characters: a–z, 0–9 and _."
        case .usernameTaken(let name): "The user name “\(name)” is taken."
        case .unknownUser(let user): "There is no user “\(user)”."
        case .invalidChannelName: "A channel name has 3 to 25 characters: a–z, 0–9 and _."
        case .reservedChannelName(let name): "The name “\(name)” is reserved. Take another."
        case .channelNameTaken(let name): "The channel name “\(name)” is taken."
        case .invalidTitle: "A title has at most 140 characters, without line breaks or other control characters."
        case .unknownChannel(let name): "There is no channel “\(name)”."
        case .notOwner(let name): "The channel “\(name)” belongs to someone else."
        case .invalidLabel: "A label has at most 60 characters, without line breaks or other control characters."
        case .expiryInThePast: "A stream key has to expire in the future."
        case .tooManyStreamKeys:
            "A channel has at most \(StreamKey.maximumActiveCount) stream keys at a time. Revoke one first."
        case .unknownStreamKey(let id): "The channel has no stream key \(id)."
        case .invalidCursor: "The cursor is not one that a list returned."
        }
    }
}
