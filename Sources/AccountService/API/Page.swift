/// A part of a list. `nextCursor` gets the following part and is `null` at the end.
public struct Page<Item: Encodable & Sendable>: Encodable, Sendable {
    /// How many items a page has unless the request says less.
    public static var defaultLimit: Int { 50 }
    public static var maximumLimit: Int { 100 }

    public let items: [Item]
    public let nextCursor: String?

    /// - Parameter found: one more item than fits says that there is a following page.
    init(_ found: [Item], limit: Int, cursor: (Item) -> String) {
        items = Array(found.prefix(limit))
        nextCursor = found.count > limit ? items.last.map(cursor) : nil
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(items, forKey: .items)
        try container.encode(nextCursor, forKey: .nextCursor)
    }

    private enum CodingKeys: String, CodingKey {
        case items, nextCursor
    }

    /// Between 1 and ``maximumLimit``.
    static func limit(_ requested: Int?) -> Int {
        min(max(requested ?? defaultLimit, 1), maximumLimit)
    }
}
