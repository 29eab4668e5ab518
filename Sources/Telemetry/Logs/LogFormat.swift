import Glibc

/// How a log line looks.
public enum LogFormat: Sendable, Equatable {
    /// `01:49:55.123Z info    ingest: push accepted channel=demo`, for people; `color` adds ANSI colours.
    case terminal(color: Bool)
    /// One JSON object a line: `time`, `level`, `logger`, `message`, `metadata`, for machines.
    case json

    /// `terminal` when the file descriptor is a terminal, otherwise `json`. A non-empty `NO_COLOR` keeps the colours
    /// out (no-color.org), and so does `TERM=dumb`.
    public static func suitable(forFileDescriptor descriptor: Int32 = 2) -> LogFormat {
        guard isatty(descriptor) == 1 else { return .json }
        return .terminal(color: !isSet("NO_COLOR") && !isSet("TERM", to: "dumb"))
    }

    private static func isSet(_ name: String, to expected: String? = nil) -> Bool {
        guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return false }
        return expected == nil || value == expected
    }
}
