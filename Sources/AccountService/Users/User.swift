/// A person with an account. Credentials belong to AuthService.
public struct User: Sendable, Hashable {
    /// A decimal number.
    public let id: String
    public let username: String
}
