import HTTPService

/// A path as encoders write it: with doubled and closing slashes, and with slashes that are escaped.
struct MountPath {
    /// The parts that are not empty; none of a path with broken escapes or dot segments.
    private let parts: [String]

    private static let extensions = ["mp3", "aac", "ogg", "oga", "opus", "flac", "webm"]

    init(_ request: HTTPRequest) { self.init(request.rawPath) }

    init(_ rawPath: some Collection<UInt8>) {
        let parts = PercentEncoding.decode(rawPath)?.split(separator: "/").map(String.init) ?? []
        let isOdd = parts.contains { part in
            part == "." || part == ".." || part.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == 0x5C }
        }
        self.parts = isOdd ? [] : parts
    }

    /// `/push/CHANNEL`.
    var isPush: Bool { parts.count == 2 && parts[0] == "push" }

    /// Icecast has the same at both, as XML and as a page.
    var isMetadata: Bool { parts == ["admin", "metadata"] || parts == ["admin", "metadata.xsl"] }

    var isStatus: Bool { parts == ["status-json.xsl"] }

    /// The channel of `/CHANNEL`, `/CHANNEL.mp3` or `/push/CHANNEL`.
    var channel: String? {
        guard let name = parts.last, parts.count == 1 || isPush else { return nil }
        let pieces = name.split(separator: ".", maxSplits: 1)
        return pieces.count == 2 && Self.extensions.contains(String(pieces[1])) ? String(pieces[0]) : name
    }
}
