import Foundation

/// A media playlist as a careless client reads it: line by line, by nobody's parser but its own.
struct MediaPlaylistText: Sendable {
    struct Part: Sendable {
        var name: String
        var durationSeconds: Double
        var isIndependent: Bool
    }

    struct Segment: Sendable {
        var sequence: Int
        /// Empty for the segment that is still open.
        var name = ""
        var durationSeconds = 0.0
        var parts: [Part] = []
        var date: Date?
        var map: String?
        var isDiscontinuity = false
    }

    var text: String
    var mediaSequence = 0
    var discontinuitySequence = 0
    var skippedSegments = 0
    var segments: [Segment] = []
    /// The segment that only has parts so far.
    var open: Segment?
    var hint: String?
    var reports: [[String: String]] = []
    var serverControl: [String: String] = [:]
    var partTargetSeconds: Double?
    var isEnded = false

    init(_ text: String) throws {
        self.text = text
        guard text.hasPrefix("#EXTM3U\n") else { throw TestFailure("not a playlist: \(text.prefix(200))") }
        var segment = Segment(sequence: 0)
        var map: String?
        for line in text.split(separator: "\n") {
            let (tag, value) = Self.split(line)
            switch tag {
            case "#EXT-X-MEDIA-SEQUENCE": mediaSequence = try Self.number(value)
            case "#EXT-X-DISCONTINUITY-SEQUENCE": discontinuitySequence = try Self.number(value)
            case "#EXT-X-SERVER-CONTROL": serverControl = Self.attributes(value)
            case "#EXT-X-PART-INF": partTargetSeconds = Self.attributes(value)["PART-TARGET"].flatMap { Double($0) }
            case "#EXT-X-SKIP": skippedSegments = try Self.number(Self.attributes(value)["SKIPPED-SEGMENTS"] ?? "")
            case "#EXT-X-MAP": map = Self.attributes(value)["URI"]
            case "#EXT-X-DISCONTINUITY": segment.isDiscontinuity = true
            case "#EXT-X-PROGRAM-DATE-TIME":
                segment.date = try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(value)
            case "#EXT-X-PART":
                let attributes = Self.attributes(value)
                segment.parts.append(
                    Part(
                        name: attributes["URI"] ?? "", durationSeconds: Double(attributes["DURATION"] ?? "") ?? 0,
                        isIndependent: attributes["INDEPENDENT"] == "YES"))
            case "#EXTINF": segment.durationSeconds = Double(value.split(separator: ",").first ?? "") ?? 0
            case "#EXT-X-PRELOAD-HINT": hint = Self.attributes(value)["URI"]
            case "#EXT-X-RENDITION-REPORT": reports.append(Self.attributes(value))
            case "#EXT-X-ENDLIST": isEnded = true
            default:
                guard !line.hasPrefix("#") else { continue }
                segment.name = String(line)
                segment.map = map
                segments.append(segment)
                segment = Segment(sequence: 0)
            }
        }
        for index in segments.indices { segments[index].sequence = mediaSequence + skippedSegments + index }
        if !segment.parts.isEmpty {
            segment.sequence = mediaSequence + skippedSegments + segments.count
            segment.map = map
            open = segment
        }
    }

    /// Media sequence number and part number of what comes next.
    var next: (sequence: Int, part: Int) {
        if let open { return (open.sequence, open.parts.count) }
        return (mediaSequence + skippedSegments + segments.count, 0)
    }

    var allParts: [Part] { segments.flatMap(\.parts) + (open?.parts ?? []) }

    private static func split(_ line: Substring) -> (tag: Substring, value: String) {
        guard line.hasPrefix("#"), let colon = line.firstIndex(of: ":") else { return (line, "") }
        return (line[..<colon], String(line[line.index(after: colon)...]))
    }

    private static func number(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw TestFailure("not a number: \(text)") }
        return number
    }

    private static func attributes(_ text: String) -> [String: String] {
        var attributes: [String: String] = [:]
        for match in text.matches(of: /([A-Z0-9-]+)=(?:"([^"]*)"|([^,]*))/) {
            attributes[String(match.1)] = String(match.2 ?? match.3 ?? "")
        }
        return attributes
    }
}
