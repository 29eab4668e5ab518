import Persistence

/// The REST operations of AccountService without HTTP: values in, documents out. Refusals are ``AccountError``s.
///
/// `publicURL` is scheme, host and port without a slash at the end, and comes before the paths in documents.
public struct AccountAPI: Sendable {
    /// How long the studio's keys are good, which are asked for with the label `browser`.
    static let browserKeyValidity = Duration.seconds(24 * 3600)

    private let service: AccountService

    public init(service: AccountService) {
        self.service = service
    }

    /// `GET /channels/NAME`; `nil` is 404.
    public func channel(named name: String, publicURL: String = "") async throws -> ChannelDocument? {
        let row = try await service.database.read { try ListedChannelRow.named(name, in: $0) }
        return row.map { document($0, publicURL) }
    }

    /// `GET /channels`.
    public func channels(
        _ request: ChannelListRequest, publicURL: String = ""
    ) async throws -> Page<ChannelDocument> {
        if let cursor = request.cursor, !ChannelName.isWellFormed(cursor) { throw AccountError.invalidCursor }
        let limit = Page<ChannelDocument>.limit(request.limit)
        let query = request.query.map { String($0.prefix(100)) }.flatMap { $0.isEmpty ? nil : $0 }
        let rows = try await service.database.read { connection in
            try ListedChannelRow.list(
                live: request.live, query: query, after: request.cursor, limit: limit + 1, in: connection)
        }
        return Page(rows.map { document($0, publicURL) }, limit: limit, cursor: \.name)
    }

    /// `POST /channels`.
    public func createChannel(
        _ request: CreateChannelRequest, userID: String, publicURL: String = ""
    ) async throws -> ChannelDocument {
        let channel = try await service.createChannel(
            name: request.name, title: request.title ?? request.name, ownerID: userID)
        return try await present(channel.name, publicURL)
    }

    /// `PATCH /channels/NAME`.
    public func updateChannel(
        named name: String, _ request: UpdateChannelRequest, by user: Requester, publicURL: String = ""
    ) async throws -> ChannelDocument {
        if request.title != nil || request.recording != nil {
            _ = try await service.updateChannel(
                named: name, title: request.title, isRecorded: request.recording, by: user)
        }
        return try await present(name, publicURL)
    }

    /// `POST /channels/NAME/stream-key`.
    public func createStreamKey(
        channelNamed name: String, _ request: CreateStreamKeyRequest, by user: Requester
    ) async throws -> StreamKeyDocument {
        let label = request.label ?? ""
        let validity = label == "browser" ? Self.browserKeyValidity : nil
        return StreamKeyDocument(
            try await service.createKey(channelNamed: name, label: label, validity: validity, by: user))
    }

    /// `GET /channels/NAME/recordings`, newest first.
    public func recordings(
        channelNamed name: String, cursor: String? = nil, limit: Int? = nil, publicURL: String = ""
    ) async throws -> Page<RecordingDocument> {
        let limit = Page<RecordingDocument>.limit(limit)
        let rows = try await service.database.read { connection in
            let channel = try ChannelRow.named(name, in: connection)
            return try RecordingRow.list(channelID: channel.id, after: cursor, limit: limit + 1, in: connection)
        }
        let documents = rows.map { RecordingDocument($0, channelName: name, publicURL: publicURL) }
        return Page(documents, limit: limit, cursor: \.id)
    }

    /// `POST /channels/NAME/presence`: a player plays the channel. To be repeated every 20 s.
    /// - Returns: a session that the player is to show from now on, where it is ours and has none that is good. It
    ///   counts from the beacon on that shows it.
    public func presence(channelNamed name: String, _ beacon: Beacon) async throws -> String? {
        let channel = try await service.database.read { try ChannelRow.named(name, in: $0) }
        return service.listeners.seen(beacon, channelID: String(channel.id))
    }

    private func document(_ row: ListedChannelRow, _ publicURL: String) -> ChannelDocument {
        ChannelDocument(
            row, listeners: service.listeners.listeners(ofChannel: String(row.id)),
            isWaiting: row.streamID.map(service.waiting.contains) ?? false, publicURL: publicURL)
    }

    private func present(_ name: String, _ publicURL: String) async throws -> ChannelDocument {
        guard let document = try await channel(named: name, publicURL: publicURL) else {
            throw AccountError.unknownChannel(name)
        }
        return document
    }
}
