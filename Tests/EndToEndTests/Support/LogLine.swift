import Foundation

/// A line of the server's log.
struct LogLine: Decodable {
    var time: String
    var level: String
    var logger: String
    var message: String
    var metadata: [String: String]?

    subscript(_ key: String) -> String? { metadata?[key] }

    /// Seconds since 1970.
    var seconds: Double {
        get throws {
            try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(time).timeIntervalSince1970
        }
    }
}

extension ChildProcess {
    /// What it logged so far.
    var log: [LogLine] {
        // The last line may be half written.
        messages.split(separator: "\n").compactMap { try? JSONDecoder().decode(LogLine.self, from: Data($0.utf8)) }
    }
}
