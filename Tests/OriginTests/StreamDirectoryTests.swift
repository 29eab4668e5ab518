import DatabaseTesting
import Events
import Persistence
import Testing

@testable import Origin

@Suite(.timeLimit(.minutes(1)))
struct StreamDirectoryTests {
    private func channel(_ id: String, _ name: String, deleted: Bool = false) -> Event {
        .channelChanged(ChannelChanged(channelID: id, name: name, title: "", ownerID: nil, deleted: deleted))
    }

    private func started(_ stream: String, _ channelID: String, _ name: String) -> Event {
        .streamStarted(
            StreamState(
                streamID: stream, channelID: channelID, channelName: name, epoch: 1,
                startedAt: Timestamp(milliseconds: 1), ladder: []))
    }

    private func ended(_ stream: String, _ channelID: String) -> Event {
        .streamEnded(
            StreamEnded(
                streamID: stream, channelID: channelID, endedAt: Timestamp(milliseconds: 2), recordingAvailable: true))
    }

    private func apply(_ events: [Event], to database: any Database) async throws {
        try await database.transaction { connection in
            for event in events {
                let envelope = EventEnvelope(
                    id: "unused", event: event, aggregateVersion: 1, occurredAt: Timestamp(milliseconds: 1))
                try OriginSchema.apply(event, envelope, connection)
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func theDirectoryFollowsTheEvents(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([Inbox.schema, OriginSchema.schema]) { (database) async throws in
            let directory = StreamDirectory(database: database)
            // A stream may be told of before its channel.
            try await apply([started("s1", "7", "radio"), channel("7", "radio"), channel("8", "other")], to: database)
            try await directory.reload()
            #expect(directory.liveStream(ofChannel: "radio") == "s1")
            #expect(directory.liveStream(ofChannel: "other") == nil)
            #expect(directory.belongs("s1", to: "radio"))
            #expect(!directory.belongs("s1", to: "other"))
            try await apply([ended("s1", "7"), started("s2", "7", "radio"), started("s2", "7", "radio")], to: database)
            try await directory.reload()
            #expect(directory.liveStream(ofChannel: "radio") == "s2")
            #expect(directory.belongs("s1", to: "radio"))
            #expect(try await StreamDirectory(database: database).belonged("s1", to: "radio"))
            #expect(try await !StreamDirectory(database: database).belonged("s1", to: "other"))
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aDeletedChannelHasNoStreams(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([Inbox.schema, OriginSchema.schema]) { (database) async throws in
            let directory = StreamDirectory(database: database)
            try await apply([channel("7", "radio"), started("s1", "7", "radio")], to: database)
            try await apply([channel("7", "radio", deleted: true)], to: database)
            try await directory.reload()
            #expect(directory.liveStream(ofChannel: "radio") == nil)
            #expect(try await !directory.belonged("s1", to: "radio"))
        }
    }

    /// Events and the projection come in any order, and the directory says the same in the end.
    @Test(arguments: DatabaseEngine.all)
    func eventsAreKnownBeforeTheyAreProjected(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([Inbox.schema, OriginSchema.schema]) { (database) async throws in
            let directory = StreamDirectory(database: database)
            directory.apply(started("s1", "7", "radio"))
            #expect(directory.liveStream(ofChannel: "radio") == "s1")
            #expect(directory.channelID(named: "radio") == "7")
            // A projection that lags behind takes nothing back.
            try await directory.reload()
            #expect(directory.liveStream(ofChannel: "radio") == "s1")
        }
    }

    /// What is over never comes back, whichever way its end was learnt.
    @Test(arguments: DatabaseEngine.all)
    func anEndIsFinal(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([Inbox.schema, OriginSchema.schema]) { (database) async throws in
            let directory = StreamDirectory(database: database)
            try await apply([started("s1", "7", "radio")], to: database)
            directory.apply(ended("s1", "7"))
            try await directory.reload()
            #expect(directory.liveStream(ofChannel: "radio") == nil)
            directory.apply(started("s1", "7", "radio"))
            #expect(directory.liveStream(ofChannel: "radio") == nil)
            #expect(directory.belongs("s1", to: "radio"))
            directory.apply(started("s2", "7", "radio"))
            #expect(directory.liveStream(ofChannel: "radio") == "s2")
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func renamedAndDeletedChannelsFollow(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([Inbox.schema, OriginSchema.schema]) { (database) async throws in
            let directory = StreamDirectory(database: database)
            try await apply([started("s1", "7", "radio")], to: database)
            try await directory.reload()
            directory.apply(channel("7", "station"))
            #expect(directory.liveStream(ofChannel: "station") == "s1")
            #expect(directory.liveStream(ofChannel: "radio") == nil)
            directory.apply(channel("7", "station", deleted: true))
            #expect(directory.liveStream(ofChannel: "station") == nil)
            #expect(try await directory.belonged("s1", to: "radio"), "the projection decides on what is older")
        }
    }
}
