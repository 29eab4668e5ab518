import NIOCore

/// One header field of a response.
public struct HTTPField: Sendable, Hashable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    public static func cacheControl(_ value: String) -> HTTPField { HTTPField("Cache-Control", value) }
    public static func location(_ value: String) -> HTTPField { HTTPField("Location", value) }
    public static func retryAfter(seconds: Int) -> HTTPField { HTTPField("Retry-After", "\(seconds)") }
}

extension ByteBuffer {
    /// Writes `name: value` and a line end. Control characters become spaces, so that no value that came from
    /// outside can begin a field or a response of its own.
    mutating func writeField(_ name: String, _ value: String) {
        writeFieldText(name)
        writeStaticString(": ")
        writeFieldText(value)
        writeStaticString("\r\n")
    }

    mutating func writeFieldText(_ text: String) {
        if text.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }) {
            writeBytes(text.utf8.lazy.map { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F ? 0x20 : $0 })
        } else {
            writeString(text)
        }
    }
}
