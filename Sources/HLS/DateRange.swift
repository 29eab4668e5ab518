import NIOCore

/// EXT-X-DATERANGE (RFC 8216bis §4.4.5.1): something that lasts from one date to another, such as what is on now.
public struct DateRange: Sendable, Hashable {
    public enum Value: Sendable, Hashable {
        case string(String)
        /// As written, with `0x`.
        case hexadecimal(String)
        /// A signed decimal, as written.
        case number(String)
    }

    public struct Attribute: Sendable, Hashable {
        /// Begins with `X-`, in upper case.
        public var name: String
        public var value: Value

        public init(name: String, value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// Unique for the whole life of the playlist and never used again: a new title is a new id.
    public var id: String

    /// Ranges of one class that end on the next must not overlap.
    public var className: String?

    public var startDateMilliseconds: Int64
    public var endDateMilliseconds: Int64?
    public var durationSamples: Int?
    public var plannedDurationSamples: Int?

    /// Ends where the next range of its class begins. Needs a class, and neither end date nor duration.
    public var endsOnNext: Bool

    public var attributes: [Attribute]

    /// Media sequence number of the segment with which it came into the playlist; delta updates that may leave out
    /// date ranges leave it out together with that segment. `nil`: it always stays.
    public var addedWithSegment: Int?

    public init(
        id: String,
        className: String? = nil,
        startDateMilliseconds: Int64,
        endDateMilliseconds: Int64? = nil,
        durationSamples: Int? = nil,
        plannedDurationSamples: Int? = nil,
        endsOnNext: Bool = false,
        attributes: [Attribute] = [],
        addedWithSegment: Int? = nil
    ) {
        self.id = id
        self.className = className
        self.startDateMilliseconds = startDateMilliseconds
        self.endDateMilliseconds = endDateMilliseconds
        self.durationSamples = durationSamples
        self.plannedDurationSamples = plannedDurationSamples
        self.endsOnNext = endsOnNext
        self.attributes = attributes
        self.addedWithSegment = addedWithSegment
    }

    func write(into buffer: inout ByteBuffer) {
        var list = AttributeWriter(tag: "#EXT-X-DATERANGE:", into: &buffer)
        list.write("ID=", quoted: id, into: &buffer)
        if let className { list.write("CLASS=", quoted: className, into: &buffer) }
        list.write("START-DATE=", dateMilliseconds: startDateMilliseconds, into: &buffer)
        // END-ON-NEXT forbids both, and without a class nothing can be the next.
        let endsOnNext = endsOnNext && className != nil
        if !endsOnNext {
            if let endDateMilliseconds {
                list.write("END-DATE=", dateMilliseconds: endDateMilliseconds, into: &buffer)
            }
            if let durationSamples { list.write("DURATION=", samples: durationSamples, into: &buffer) }
        }
        if let plannedDurationSamples {
            list.write("PLANNED-DURATION=", samples: plannedDurationSamples, into: &buffer)
        }
        for attribute in attributes where attribute.isWellFormed {
            switch attribute.value {
            case .string(let text): list.write(attribute.name + "=", quoted: text, into: &buffer)
            case .hexadecimal(let text), .number(let text):
                list.write(attribute.name + "=", enumerated: text, into: &buffer)
            }
        }
        if endsOnNext { list.write("END-ON-NEXT=", enumerated: "YES", into: &buffer) }
        buffer.writeNewline()
    }

    init(_ list: AttributeList) throws(PlaylistError) {
        id = try list.required("ID")
        className = list["CLASS"]
        startDateMilliseconds = try list.requiredDate("START-DATE")
        endDateMilliseconds = try list.date("END-DATE")
        durationSamples = try list.samples("DURATION")
        plannedDurationSamples = try list.samples("PLANNED-DURATION")
        endsOnNext = list["END-ON-NEXT"] == "YES"
        guard !endsOnNext || className != nil && endDateMilliseconds == nil && durationSamples == nil else {
            throw list.invalid("END-ON-NEXT", "needs CLASS and forbids DURATION and END-DATE")
        }
        attributes = []
        for entry in list.entries where entry.name.hasPrefix("X-") {
            let value: Value =
                if entry.isQuoted {
                    .string(entry.value)
                } else if entry.value.hasPrefix("0x") || entry.value.hasPrefix("0X") {
                    .hexadecimal(entry.value)
                } else {
                    .number(entry.value)
                }
            let attribute = Attribute(name: entry.name, value: value)
            guard attribute.isWellFormed else { throw list.invalid(entry.name, "is not a string, hex or number") }
            attributes.append(attribute)
        }
    }
}

extension DateRange.Attribute {
    /// Whether the name is `X-…` in upper case and a value that is not quoted has only the characters of its kind.
    var isWellFormed: Bool {
        guard
            name.hasPrefix("X-"),
            name.utf8.allSatisfy({ 0x41...0x5A ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x2D })
        else { return false }
        switch value {
        case .string: return true
        case .hexadecimal(let text):
            return text.utf8.count > 2 && text.lowercased().hasPrefix("0x")
                && text.utf8.dropFirst(2).allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        case .number(let text):
            return AttributeList.isSignedDecimal(text)
        }
    }
}
