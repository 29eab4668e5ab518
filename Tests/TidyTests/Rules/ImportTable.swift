/// Which module may import which: the table that keeps the architecture what it is.
enum ImportTable {
    static let services: Set<String> = [
        "Ingest", "Transcoder", "Origin", "ChatService", "AuthService", "AccountService", "Web",
    ]

    /// Values and arithmetic: no input or output, no clock, no logger.
    static let pureModules: Set<String> = ["AudioTimeline", "HLS", "CMAF", "RTMP", "IRC", "Events"]

    /// The executable, which puts everything together.
    static let composition = "Twitchy"

    /// Libraries that one module wraps for all others.
    static let exclusiveLibraries = [
        "GRDB": "Persistence", "GRDBSQLite": "Persistence", "SQLite3": "Persistence", "CPostgreSQL": "Persistence",
        "CRabbitMQ": "MessageBus",
    ]

    /// Folders of a module that hold one implementation of what the module promises.
    static let implementationFolders: Set<String> = ["InProcess", "RabbitMQ", "SQLite", "PostgreSQL", "Files", "S3"]
}
