import AccountService
import DatabaseTesting
import Events
import MessageBus
import NIOCore
import Persistence
import Testing

@Suite(.timeLimit(.minutes(20)))
struct RunTests {
    /// The next events that a subscriber of everything gets.
    private func next(_ count: Int, from subscription: any EventSubscription) async throws -> [Event] {
        var events: [Event] = []
        while events.count < count, let delivery = try await subscription.next() {
            subscription.acknowledge(delivery.tag)
            let envelope = try EventEnvelope(decoding: delivery.payload.readableBytesView)
            if case .event(let event) = try envelope.decodeEvent() { events.append(event) }
        }
        return events
    }

    @Test(arguments: DatabaseEngine.all)
    func whatACommandWritesBesideTheServerIsTold(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let subscription = try await test.bus.subscribe(
                "test", topics: ["channel.*", "streamKey.*"], exclusive: true)
            try await test.whileRunning { () async throws in
                try await test.withCommand { (command) async throws in
                    try await command.prepare()
                    let channel = try await command.createChannel(name: "radio", title: "")
                    let key = try await command.rotateKey(channelNamed: "radio", by: .administrator)
                    let events = try await next(2, from: subscription)
                    #expect(events.map(\.aggregate) == ["channel/\(channel.id)", "streamKey/\(key.id)"])
                }
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aReplayTellsThePresentStateOfEverything(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            _ = try await test.service.createChannel(name: "radio", title: "old")
            _ = try await test.service.rotateKey(channelNamed: "radio", by: .administrator)
            _ = try await test.service.rotateKey(channelNamed: "radio", by: .administrator)
            _ = try await test.service.updateChannel(named: "radio", title: "new", by: .administrator)
            _ = try await test.service.createChannel(name: "gone", title: "")
            try await test.service.deleteChannel(named: "gone", by: .administrator)
            let told = try await test.outbox()
            var newest: [String: Event] = [:]
            for event in told { newest[event.aggregate] = event }
            #expect(try await test.service.replay() == 4)
            let replayed = try await test.outbox().dropFirst(told.count)
            #expect(Dictionary(uniqueKeysWithValues: replayed.map { ($0.aggregate, $0) }) == newest)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aReplayThatIsAskedForIsMade(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            try await test.service.subscribe()
            try await test.service.ensureDemo()
            try await test.whileRunning { () async throws in
                while try await test.outbox().count < 2 { try await Task.sleep(for: .milliseconds(2)) }
                try await test.tell(.replayRequested(ReplayRequested(owner: "ingest")), version: 1)
                try await test.tell(.replayRequested(ReplayRequested(owner: "accounts")), version: 1)
                while try await test.outbox().count < 4 { try await Task.sleep(for: .milliseconds(2)) }
            }
            let events = try await test.outbox()
            #expect(Array(events[2...]) == Array(events[..<2]))
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aNewServiceAsksForStreamsAndRecordings(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let subscription = try await test.bus.subscribe("test", topics: ["replay.#"], exclusive: true)
            try await test.whileRunning { () async throws in
                #expect(
                    try await next(2, from: subscription)
                        == ["ingest", "transcoder"].map { .replayRequested(ReplayRequested(owner: $0)) })
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func theShutdownOfTheBusEndsTheServiceWithAnError(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let subscription = try await test.bus.subscribe("test", topics: ["replay.#"], exclusive: true)
            let running = Task { try await test.service.run() }
            _ = try await next(1, from: subscription)
            await test.bus.shutdown()
            await #expect(throws: BusError.shutDown) { try await running.value }
        }
    }

    /// Keys that ended a month ago are forgotten, others are not.
    @Test(arguments: DatabaseEngine.all)
    func endedKeysAreForgottenAfterAMonth(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            _ = try await test.service.createChannel(name: "radio", title: "")
            _ = try await test.service.rotateKey(channelNamed: "radio", by: .administrator)
            _ = try await test.service.rotateKey(channelNamed: "radio", by: .administrator)
            _ = try await test.service.createKey(
                channelNamed: "radio", label: "browser", validity: .seconds(1), by: .administrator)
            test.advance(by: Inbox.retention + .seconds(2))
            try await test.whileRunning { () async throws in
                while try await test.service.keys(channelNamed: "radio", by: .administrator).count > 1 {
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            let keys = try await test.service.keys(channelNamed: "radio", by: .administrator)
            #expect(keys.map(\.revokedAt) == [nil])
            #expect(keys.map(\.expiresAt) == [nil])
        }
    }
}
