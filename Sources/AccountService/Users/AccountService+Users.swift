import Events
import Persistence

extension AccountService {
    /// Makes a user. Names are as channels': 3 to 25 of `a–z`, `0–9` and `_`.
    public func createUser(username: String) async throws -> User {
        guard ChannelName.isWellFormed(username) else { throw AccountError.invalidUsername }
        do {
            return try await write { connection, now in
                try UserRow.insert(username, at: now.milliseconds, in: connection).user
            }
        } catch let error as SQLError where error.code == .uniqueViolation {
            throw AccountError.usernameTaken(username)
        }
    }

    /// The user of this name, if there is one.
    public func user(named username: String) async throws -> User? {
        try await database.read { try UserRow.named(username, in: $0)?.user }
    }

    static func userNumber(_ id: String) throws(AccountError) -> Int64 {
        guard let number = Int64(id) else { throw .unknownUser(id) }
        return number
    }
}
