/// The members of an object, read as the types that a payload expects.
struct JSONFields {
    private let members: [JSONMember]

    init(_ value: JSONValue) throws(EventError) {
        guard case .object(let members) = value else { throw .notAnObject }
        self.members = members
    }

    private func value(_ name: String) -> JSONValue {
        members.first { $0.name == name }?.value ?? .null
    }

    func string(_ name: String) throws(EventError) -> String {
        guard let string = try optionalString(name) else { throw .missingField(name) }
        return string
    }

    /// `nil` where the member is absent or null.
    func optionalString(_ name: String) throws(EventError) -> String? {
        switch value(name) {
        case .null: return nil
        case .string(let string): return string
        default: throw .wrongType(field: name)
        }
    }

    func integer(_ name: String) throws(EventError) -> Int64 {
        guard let integer = try optionalInteger(name) else { throw .missingField(name) }
        return integer
    }

    func optionalInteger(_ name: String) throws(EventError) -> Int64? {
        switch value(name) {
        case .null: return nil
        case .integer(let integer): return integer
        default: throw .wrongType(field: name)
        }
    }

    func int(_ name: String) throws(EventError) -> Int {
        guard let int = Int(exactly: try integer(name)) else { throw .wrongType(field: name) }
        return int
    }

    func timestamp(_ name: String) throws(EventError) -> Timestamp {
        Timestamp(milliseconds: try integer(name))
    }

    func optionalTimestamp(_ name: String) throws(EventError) -> Timestamp? {
        try optionalInteger(name).map(Timestamp.init(milliseconds:))
    }

    func bool(_ name: String) throws(EventError) -> Bool {
        switch value(name) {
        case .null: throw .missingField(name)
        case .bool(let bool): return bool
        default: throw .wrongType(field: name)
        }
    }

    /// nil where it is absent or null.
    func optionalBool(_ name: String) throws(EventError) -> Bool? {
        if case .null = value(name) { return nil }
        return try bool(name)
    }

    func array(_ name: String) throws(EventError) -> [JSONValue] {
        switch value(name) {
        case .null: throw .missingField(name)
        case .array(let elements): return elements
        default: throw .wrongType(field: name)
        }
    }

    func object(_ name: String) throws(EventError) -> [JSONMember] {
        switch value(name) {
        case .null: throw .missingField(name)
        case .object(let members): return members
        default: throw .wrongType(field: name)
        }
    }

    func json(_ name: String) throws(EventError) -> JSONValue {
        let json = value(name)
        guard json != .null else { throw .missingField(name) }
        return json
    }
}

extension Timestamp {
    var json: JSONValue { .integer(milliseconds) }
}

extension JSONValue {
    init(_ string: String?) { self = string.map(JSONValue.string) ?? .null }
    init(_ timestamp: Timestamp?) { self = timestamp?.json ?? .null }
    init(_ int: Int?) { self = int.map { .integer(Int64($0)) } ?? .null }
}
