/// One rendition of a stream's ladder.
public struct LadderRendition: Sendable, Hashable {
    /// Its name in URLs, e.g. `aac-128`.
    public var name: String
    /// As `--ladder` spells it: `aac`, `opus` or `flac`.
    public var codec: String
    /// Bits per second; `nil` for a lossless one.
    public var bitRate: Int?

    public init(name: String, codec: String, bitRate: Int?) {
        self.name = name
        self.codec = codec
        self.bitRate = bitRate
    }

    var json: JSONValue {
        ["name": .string(name), "codec": .string(codec), "bitRate": JSONValue(bitRate)]
    }

    static func decode(_ elements: [JSONValue]) throws(EventError) -> [LadderRendition] {
        var ladder: [LadderRendition] = []
        for element in elements {
            let fields = try JSONFields(element)
            let bitRate = try fields.optionalInteger("bitRate")
            ladder.append(
                LadderRendition(
                    name: try fields.string("name"), codec: try fields.string("codec"),
                    bitRate: bitRate.flatMap(Int.init(exactly:))))
        }
        return ladder
    }
}
