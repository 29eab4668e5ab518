/// An event as it travels: one JSON object
/// `{id, type, version, aggregate, aggregateVersion, occurredAt, payload}`, times in milliseconds since 1970.
public struct EventEnvelope: Sendable, Hashable {
    /// The most bytes of an encoded envelope that a reader accepts.
    public static let maximumSize = 4 << 20

    /// A UUID in lower case; the same event keeps it however often it is delivered.
    public var id: String
    public var type: String
    /// The version of the payload.
    public var version: Int
    public var aggregate: String
    /// Grows with each event of the aggregate: a smaller one is older state.
    public var aggregateVersion: Int64
    public var occurredAt: Timestamp
    public var payload: JSONValue

    public init(id: String, event: Event, aggregateVersion: Int64, occurredAt: Timestamp) {
        self.id = id
        self.type = event.type.rawValue
        self.version = event.type.version
        self.aggregate = event.aggregate
        self.aggregateVersion = aggregateVersion
        self.occurredAt = occurredAt
        self.payload = event.json
    }

    /// An event that is published by itself rather than from an outbox, under a new id.
    ///
    /// - Parameter aggregateVersion: without one, the time in milliseconds.
    public init(_ event: Event, aggregateVersion: Int64? = nil, at occurredAt: Timestamp) {
        var generator = SystemRandomNumberGenerator()
        self.init(
            id: Self.makeID(using: &generator), event: event,
            aggregateVersion: aggregateVersion ?? occurredAt.milliseconds, occurredAt: occurredAt)
    }

    public init(decoding bytes: some Collection<UInt8>) throws(EventError) {
        guard bytes.count <= Self.maximumSize else { throw .tooLarge }
        let json: JSONValue
        do {
            json = try JSONValue(decoding: bytes)
        } catch {
            throw .malformed(error)
        }
        let fields = try JSONFields(json)
        id = try fields.string("id")
        type = try fields.string("type")
        version = try fields.int("version")
        aggregate = try fields.string("aggregate")
        aggregateVersion = try fields.integer("aggregateVersion")
        occurredAt = try fields.timestamp("occurredAt")
        payload = try fields.json("payload")
    }

    public func encoded() -> [UInt8] {
        let json: JSONValue = [
            "id": .string(id), "type": .string(type), "version": .integer(Int64(version)),
            "aggregate": .string(aggregate), "aggregateVersion": .integer(aggregateVersion),
            "occurredAt": occurredAt.json, "payload": payload,
        ]
        return json.encoded()
    }

    /// The payload, if this program knows its type and version. A newer service may say what an older one skips.
    public func decodeEvent() throws(EventError) -> DecodedEvent {
        guard let known = EventType(rawValue: type) else { return .unknownType(type) }
        guard version == known.version else { return .unknownVersion(known, version) }
        return .event(try Event(type: known, json: payload))
    }
}

/// What an envelope turned out to hold.
public enum DecodedEvent: Sendable, Hashable {
    case event(Event)
    case unknownType(String)
    case unknownVersion(EventType, Int)
}
