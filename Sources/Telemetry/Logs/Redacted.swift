/// A secret that cannot be printed by accident: every description of it, and every log line, shows `<redacted>`.
///
/// ```swift
/// logger.info("stream key refused", metadata: ["key": .stringConvertible(Redacted(streamKey))])
/// ```
public struct Redacted<Value: Sendable>: Sendable {
    /// The secret itself, for the code that needs it.
    public let secret: Value

    public init(_ secret: Value) {
        self.secret = secret
    }

    static var text: String { "<redacted>" }

    /// Whether a metadata entry of this name is shown as `<redacted>` whatever its value: the second net, for the
    /// call site that forgot the first.
    static func isSecretName(_ name: String) -> Bool {
        let plain = name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != "." }
        return ["password", "secret", "token", "streamkey", "apikey", "privatekey", "authorization", "cookie"]
            .contains { plain.hasSuffix($0) }
    }
}

extension Redacted: Equatable where Value: Equatable {}
extension Redacted: Hashable where Value: Hashable {}

extension Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { Self.text }
    public var debugDescription: String { Self.text }
    // Without a mirror of its own `dump` and string interpolation of a structure around it would show the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
