public import Logging

/// Writes each log event as one line, see ``LogFormat``.
public struct LineLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level

    private let label: String
    private let format: LogFormat
    private let writer: LogWriter

    public init(label: String, level: Logger.Level, format: LogFormat, writer: LogWriter) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.writer = writer
    }

    public subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { _, new in new } }
        if let own = event.metadata { merged.merge(own) { _, new in new } }
        if let error = event.error { merged["error"] = .string("\(error)") }
        let line = LogLine(
            time: .now, level: event.level, label: label, message: event.message.description, metadata: merged)
        writer.write(line.text(format))
    }
}
