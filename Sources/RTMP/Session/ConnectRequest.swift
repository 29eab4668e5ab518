/// What the peer says of itself in `connect` (RTMP 1.0 §7.2.1.1, Enhanced RTMP v2 "Enhancing NetConnection connect").
///
/// Texts are one line, without control characters and at most 256 characters long; stream keys may stand in
/// `application` and `tcURL`, so these two do not belong in logs.
public struct ConnectRequest: Sendable, Hashable {
    public var application: String
    public var tcURL: String
    /// Name and version of the encoder's software.
    public var flashVersion: String
    /// 0 for AMF0, 3 for AMF3; answered with 0 in any case.
    public var objectEncoding: Double
    /// FourCCs of codecs that the peer knows, from either form of the list; "*" stands for all.
    public var fourCCs: [String]
    public var capabilities: Capabilities

    /// Bits of `capsEx`.
    public struct Capabilities: OptionSet, Sendable, Hashable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }

        public static let reconnect = Capabilities(rawValue: 1)
        public static let multitrack = Capabilities(rawValue: 2)
        public static let modEx = Capabilities(rawValue: 4)
        public static let timestampNanoOffset = Capabilities(rawValue: 8)
    }

    init(_ command: AMFObject) {
        func text(_ name: String) -> String? { command[name]?.string?.displayText(maximumCount: 256) }
        application = text("app") ?? ""
        tcURL = Self.unquoted(text("tcUrl") ?? text("tcurl") ?? "")
        flashVersion = text("flashVer") ?? text("flashver") ?? ""
        objectEncoding = command["objectEncoding"]?.number ?? 0
        let listed = command["fourCcList"]?.array?.compactMap(\.string) ?? []
        let mapped = ["audioFourCcInfoMap", "videoFourCcInfoMap"].flatMap { name in
            command[name]?.object?.properties.map(\.name) ?? []
        }
        fourCCs = (listed + mapped).prefix(64).map { $0.displayText(maximumCount: 4) }
        capabilities = Capabilities(rawValue: Int(exactly: command["capsEx"]?.number ?? 0) ?? 0)
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote
        else { return text }
        return String(text.dropFirst().dropLast())
    }
}

extension ConnectRequest: CustomStringConvertible {
    /// Without application and address, in which keys may stand.
    public var description: String {
        "connect by \(flashVersion.isEmpty ? "an unnamed encoder" : flashVersion)"
    }
}
