/// A value of AMF0, or of AMF3 as far as it has a counterpart.
enum AMFValue: Sendable, Equatable {
    case number(Double)
    case boolean(Bool)
    case string(String)
    /// Objects, typed objects and ECMA arrays.
    case object(AMFObject)
    /// Strict arrays.
    case array([AMFValue])
    case null
    case undefined
    /// Something that was skipped: dates, references, AMF3 objects.
    case opaque

    var number: Double? {
        if case .number(let value) = self { value } else { nil }
    }

    var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    var object: AMFObject? {
        if case .object(let value) = self { value } else { nil }
    }

    var array: [AMFValue]? {
        if case .array(let value) = self { value } else { nil }
    }
}

/// Properties in the order sent; names may repeat or be empty.
struct AMFObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    struct Property: Sendable, Equatable {
        var name: String
        var value: AMFValue
    }

    var properties: [Property] = []

    init() {}

    init(dictionaryLiteral elements: (String, AMFValue)...) {
        properties = elements.map { Property(name: $0.0, value: $0.1) }
    }

    /// The first property of that name, compared byte by byte: `String` would also take canonical equivalents.
    subscript(_ name: String) -> AMFValue? {
        properties.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }
}
