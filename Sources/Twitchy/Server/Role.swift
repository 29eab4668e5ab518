import ArgumentParser

/// What a process does.
enum Role: String, CaseIterable, ExpressibleByArgument {
    /// Takes pushes and keeps each stream's clock.
    case ingest
    /// Encodes, packs and stores.
    case transcoder
    /// Serves playlists and media.
    case origin
    /// Channels, stream keys, listener counts.
    case accounts
    /// The pages.
    case web

    /// Whether something of the role is answered on `--http-port`.
    var servesHTTP: Bool {
        switch self {
        case .origin, .accounts, .web: true
        case .ingest, .transcoder: false
        }
    }

    /// Whether the role can do nothing without the bus. An origin goes on with what it has: a broker's restart must not
    /// take all origins out of rotation.
    var needsBus: Bool {
        switch self {
        case .ingest, .transcoder: true
        case .origin, .accounts, .web: false
        }
    }
}

/// A role that has a database of its own.
extension Role {
    /// The name of its SQLite file and of its PostgreSQL schema; nil where it keeps nothing.
    var database: String? {
        switch self {
        case .ingest, .origin, .accounts: rawValue
        case .transcoder, .web: nil
        }
    }

    /// Whether the role can do nothing without its database. An origin has in memory what is on the air.
    var needsDatabase: Bool { self == .ingest || self == .accounts }
}
