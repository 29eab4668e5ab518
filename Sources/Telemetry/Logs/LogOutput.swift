public import Logging

/// Where a process's log lines go: one per process, made by the executable, which hands each service its `Logger`.
public struct LogOutput: Sendable {
    public let level: Logger.Level
    public let format: LogFormat
    public let writer: LogWriter

    /// - Parameters:
    ///   - level: the least level that is written.
    ///   - format: as ``LogFormat/suitable(forFileDescriptor:)`` when left out.
    ///   - fileDescriptor: standard error when left out.
    public init(level: Logger.Level, format: LogFormat? = nil, fileDescriptor: Int32 = 2) {
        let format = format ?? .suitable(forFileDescriptor: fileDescriptor)
        self.level = level
        self.format = format
        self.writer = LogWriter(fileDescriptor: fileDescriptor) { lines in
            LogLine(
                time: .now, level: .warning, label: "telemetry", message: "log lines dropped",
                metadata: ["lines": "\(lines)"]
            ).text(format)
        }
    }

    /// A logger of this output; `label` is the service's name, such as `ingest`.
    public func logger(label: String) -> Logger {
        Logger(label: label) { label in
            LineLogHandler(label: label, level: level, format: format, writer: writer)
        }
    }

    /// Makes this the output of every `Logger(label:)` in the process, also of libraries, and writes what waits when
    /// the process exits. Once per process, before the first logger is made.
    public func bootstrap() {
        LoggingSystem.bootstrap(
            { [self] label, provider in
                var handler = LineLogHandler(label: label, level: level, format: format, writer: writer)
                handler.metadataProvider = provider
                return handler
            },
            metadataProvider: nil)
        ExitFlush.register(writer)
    }

    /// Writes what waits, for at most a second. Not for event loops.
    public func flush() {
        writer.flush()
    }
}
