import DatabaseTesting
import Events
import Persistence
import Testing

@testable import Origin

@Suite(.timeLimit(.minutes(20)))
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

    private func ended(_ stream: String, _ channelID: String, at milliseconds: Int64 = 2) -> Event {
        .streamEnded(
            StreamEnded(
                streamID: stream, channelID: channelID, endedAt: Timestamp(milliseconds: milliseconds),
                recordingAvailable: true))
    }

    /// Ids grow with time.
    private func id(_ number: Int) -> String { "s\(1_000_000 + number)" }

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

    /// What is on the air stays known, whatever else began and ended meanwhile, also by a process that starts later.
    @Test(arguments: DatabaseEngine.all)
    func aStreamThatIsNotOverIsNeverForgotten(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([Inbox.schema, OriginSchema.schema]) { (database) async throws in
            let directory = StreamDirectory(database: database)
            var events = [started(id(0), "7", "radio")]
            for number in 1...1600 {
                events.append(started(id(number), "8", "other"))
                events.append(ended(id(number), "8", at: Int64(number)))
            }
            // More at the same time than are remembered of those that are over.
            for number in 2001...3100 { events.append(started(id(number), "c\(number)", "channel-\(number)")) }
            try await apply(events, to: database)
            for event in events { directory.apply(event) }
            let restarted = StreamDirectory(database: database)
            try await restarted.reload()
            for known in [directory, restarted] {
                #expect(known.liveStream(ofChannel: "radio") == id(0))
                #expect(known.belongs(id(0), to: "radio"))
                #expect((2001...3100).allSatisfy { known.liveStream(ofChannel: "channel-\($0)") == id($0) })
                #expect(known.belongs(id(1600), to: "other"))
                #expect(!known.belongs(id(1), to: "other"), "what is over does not fill the memory")
                #expect(known.liveStream(ofChannel: "other") == nil)
            }
            try await directory.reload()
            #expect(directory.liveStream(ofChannel: "radio") == id(0))
        }
    }

    /// A show of months ends behind a thousand short ones: its listeners still find the end of it.
    @Test(arguments: DatabaseEngine.all)
    func whatEndedLastIsRememberedHoweverLongAgoItBegan(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([Inbox.schema, OriginSchema.schema]) { (database) async throws in
            let directory = StreamDirectory(database: database)
            var events = [started(id(0), "7", "radio")]
            for number in 1...1600 { events.append(ended(id(number), "8", at: Int64(number))) }
            events.append(ended(id(0), "7", at: 5000))
            try await apply([channel("8", "other")] + events, to: database)
            for event in events { directory.apply(event) }
            let restarted = StreamDirectory(database: database)
            try await restarted.reload()
            for known in [directory, restarted] {
                #expect(known.belongs(id(0), to: "radio"))
                #expect(known.liveStream(ofChannel: "radio") == nil)
            }
        }
    }

    /// An event that came late, behind the end that a full table has forgotten, does not bring a stream back for good.
    @Test(arguments: DatabaseEngine.all)
    func aMissedEndIsFoundInTheProjection(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([Inbox.schema, OriginSchema.schema]) { (database) async throws in
            var events = [started(id(0), "7", "radio"), ended(id(0), "7", at: 0)]
            for number in 1...1100 { events.append(ended(id(number), "8", at: Int64(number))) }
            try await apply(events, to: database)
            let directory = StreamDirectory(database: database)
            try await directory.reload()
            directory.apply(started(id(0), "7", "radio"))
            #expect(directory.liveStream(ofChannel: "radio") == id(0))
            try await directory.reload()
            #expect(directory.liveStream(ofChannel: "radio") == nil)
        }
    }

    /// Two channels exchange their names: whichever change comes first, each has its own in the end.
    @Test(arguments: [false, true])
    func namesMayChangeHands(otherOrder: Bool) {
        var table = StreamTable()
        table.setName("radio", ofChannel: "7")
        table.setName("station", ofChannel: "8")
        table.begin("s1", of: "7")
        table.begin("s2", of: "8")
        let changes = [("station", "7"), ("radio", "8")]
        for (name, id) in otherOrder ? changes.reversed() : changes { table.setName(name, ofChannel: id) }
        #expect(table.liveStream(ofChannel: "station") == "s1")
        #expect(table.liveStream(ofChannel: "radio") == "s2")
        #expect(table.channelID(named: "radio") == "8")
        table.suggestName("radio", ofChannel: "7")
        table.setName(nil, ofChannel: "8")
        table.suggestName("radio", ofChannel: "8")
        #expect(table.liveStream(ofChannel: "radio") == nil)
    }
}
