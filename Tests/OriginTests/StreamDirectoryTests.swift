import Events
import Foundation
import Persistence
import Testing

@testable import Origin

/// Events and the projection come in any order, and the directory says the same in the end.
struct StreamDirectoryTests {
    private static let moment = Timestamp(milliseconds: 1_700_000_000_000)

    private static func started(_ stream: String, channel: String = "7") -> Event {
        .streamStarted(
            StreamState(
                streamID: stream, channelID: channel, channelName: "radio", epoch: 1, startedAt: moment, ladder: []))
    }

    private static func ended(_ stream: String, channel: String = "7") -> Event {
        .streamEnded(StreamEnded(streamID: stream, channelID: channel, endedAt: moment, recordingAvailable: true))
    }

    private func withDirectory(_ body: (StreamDirectory, any Database) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "directory-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = try SQLiteDatabase(path: folder.appending(path: "origin.sqlite").path)
        try await database.migrate([Inbox.schema, OriginSchema.schema])
        try await body(StreamDirectory(database: database), database)
        try await database.close()
    }

    private func project(_ event: Event, _ database: any Database) async throws {
        var generator = SystemRandomNumberGenerator()
        let envelope = EventEnvelope(
            id: EventEnvelope.makeID(using: &generator), event: event, aggregateVersion: 1, occurredAt: Self.moment)
        try await database.transaction { try OriginSchema.apply(event, envelope, $0) }
    }

    @Test func eventsAreKnownBeforeTheyAreProjected() async throws {
        try await withDirectory { directory, _ in
            #expect(directory.liveStream(ofChannel: "radio") == nil)
            directory.apply(Self.started("s1"))
            #expect(directory.liveStream(ofChannel: "radio") == "s1")
            #expect(directory.channelID(named: "radio") == "7")
            #expect(directory.belongs("s1", to: "radio") && !directory.belongs("s1", to: "other"))
            // A projection that lags behind takes nothing back.
            try await directory.reload()
            #expect(directory.liveStream(ofChannel: "radio") == "s1")
        }
    }

    /// What is over never comes back, whichever way its end was learnt.
    @Test func anEndIsFinal() async throws {
        try await withDirectory { directory, database in
            try await project(Self.started("s1"), database)
            directory.apply(Self.ended("s1"))
            try await directory.reload()
            #expect(directory.liveStream(ofChannel: "radio") == nil)
            directory.apply(Self.started("s1"))
            #expect(directory.liveStream(ofChannel: "radio") == nil)
            #expect(directory.belongs("s1", to: "radio"))
            directory.apply(Self.started("s2"))
            #expect(directory.liveStream(ofChannel: "radio") == "s2")
        }
    }

    @Test func renamedAndDeletedChannelsFollow() async throws {
        try await withDirectory { directory, database in
            try await project(Self.started("s1"), database)
            try await directory.reload()
            func channel(_ name: String, deleted: Bool = false) -> Event {
                .channelChanged(
                    ChannelChanged(
                        channelID: "7", name: name, title: "", ownerID: "1", deleted: deleted))
            }
            directory.apply(channel("station"))
            #expect(directory.liveStream(ofChannel: "station") == "s1")
            #expect(directory.liveStream(ofChannel: "radio") == nil)
            directory.apply(channel("station", deleted: true))
            #expect(directory.liveStream(ofChannel: "station") == nil)
            #expect(try await directory.belonged("s1", to: "radio"), "the projection decides on what is older")
        }
    }
}
