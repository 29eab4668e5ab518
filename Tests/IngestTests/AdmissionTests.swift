import AudioTimeline
import Crypto
import DatabaseTesting
import Events
import HTTPService
import Logging
import MessageBus
import NIOCore
import Telemetry
import Testing

@testable import Ingest

struct AdmissionTests {
    private static let here = IPAddress(v4: 0x7F00_0001)

    private func withAdmission(
        _ engine: DatabaseEngine, _ body: (IngestDatabase, LiveStreams, Admission) async throws -> Void
    ) async throws {
        try await IngestDatabase.with(engine) { database in
            for (id, key) in [("1", "good"), ("2", "other")] {
                let hash = SHA256.hash(data: Array(key.utf8)).map { byte in
                    String(byte, radix: 16).count == 1 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
                }.joined()
                try await database.apply(
                    .streamKeyChanged(
                        StreamKeyChanged(
                            keyID: id, channelID: "7", channelName: "demo", sha256: hash, label: "", expiresAt: nil,
                            revokedAt: nil)))
            }
            let bus = InProcessMessageBus()
            let metrics = IngestMetrics(MetricsRegistry())
            let streams = LiveStreams(
                rows: database.rows(owner: "here"), bus: bus, settings: IngestSettings(), metrics: metrics,
                logger: Logger(label: "test"), relay: {})
            let admission = Admission(
                keys: database.keys, streams: streams, metrics: metrics, logger: Logger(label: "test"))
            try await body(database, streams, admission)
            await bus.shutdown()
        }
    }

    private func refusal(
        _ admission: Admission, _ keys: [String] = ["good"], mount: String? = nil
    ) async -> PushRefusal? {
        do throws(PushRefusal) {
            _ = try await admission.admit(keys, mount: mount, from: Self.here, over: "test")
            return nil
        } catch {
            return error
        }
    }

    /// Four pushes of a key, waiting ones too; a fifth is told so, until one of them is over. Another key has its own.
    @Test(arguments: DatabaseEngine.all)
    func aKeyHasFourPushes(engine: DatabaseEngine) async throws {
        try await withAdmission(engine) { _, streams, admission in
            var places: [PushPlace] = []
            for _ in 0..<4 { places.append(try await admission.admit(["good"], from: Self.here, over: "test").1) }
            let fifth = await refusal(admission)
            #expect(fifth == .tooManyPushes)
            #expect(fifth?.status.code == 429 && fifth?.fields.isEmpty == false)
            _ = try await admission.admit(["other"], from: Self.here, over: "test")
            places[0].leave()
            places[0].leave()
            places.removeFirst()
            places.append(try await admission.admit(["good"], from: Self.here, over: "test").1)
            #expect(await refusal(admission) == .tooManyPushes)
            // Connections that broke between the answer and the push.
            places = []
            places.append(try await admission.admit(["good"], from: Self.here, over: "test").1)
            // A push gives its place back when it is over, and however often it is told so.
            let holder = StreamKeyHolder(keyID: "1", channelID: "7", channelName: "demo")
            for end in 0..<12 {
                let push = Push(
                    holder: holder, place: try await admission.admit(["good"], from: Self.here, over: "test").1,
                    origin: "test", streams: streams, logger: Logger(label: "test"), onClose: { _ in })
                #expect(streams.places.pushes(ofChannel: "7").count == 1)
                if end % 3 == 0 { push.lost() }
                if end % 3 == 1 { push.ended() }
                push.close(.takenOver)
                #expect(streams.places.pushes(ofChannel: "7").isEmpty)
            }
        }
    }

    /// The key may stand in one of several places; wrong channels are told apart from wrong keys.
    @Test(arguments: DatabaseEngine.all)
    func keysAreLookedForInSeveralPlaces(engine: DatabaseEngine) async throws {
        try await withAdmission(engine) { _, _, admission in
            let (holder, _) = try await admission.admit(["demo", "x", "good"], from: Self.here, over: "test")
            #expect(holder.keyID == "1")
            #expect(try await admission.admit(["good"], mount: "demo", from: Self.here, over: "test").0 == holder)
            #expect(await refusal(admission, mount: "else") == .wrongChannel("else"))
            #expect(await refusal(admission, []) == .unknownKey)
        }
    }

    /// Whoever fails again and again waits for the refusal; a good key from the same address does not.
    @Test(arguments: DatabaseEngine.all)
    func onlyRefusalsAreDelayed(engine: DatabaseEngine) async throws {
        try await withAdmission(engine) { _, _, admission in
            for _ in 0..<6 { _ = await refusal(admission, mount: "else") }
            var start = ContinuousClock.now
            _ = try await admission.admit(["good"], from: Self.here, over: "test")
            #expect(ContinuousClock.now - start < .seconds(1))
            start = .now
            await #expect(throws: PushRefusal.unknownKey) { try await admission.identify("bad", from: Self.here) }
            #expect(ContinuousClock.now - start >= .seconds(2))
        }
    }

    /// A channel begins twenty streams, then one in a while: told before the push is accepted, and what to do. A stream
    /// that goes on is none of them.
    @Test(arguments: DatabaseEngine.all)
    func aChannelBeginsAFewStreams(engine: DatabaseEngine) async throws {
        try await withAdmission(engine) { database, _, admission in
            let rows = database.rows(owner: "here")
            let channel = StreamKeyHolder(keyID: "1", channelID: "7", channelName: "demo")
            func begin(_ number: Int) async throws -> StreamRow {
                try await rows.acquire(channel, ladder: .standard, id: "s\(number)", lease: .seconds(10))
            }
            for number in 0..<20 {
                _ = try await admission.admit(["good"], from: Self.here, over: "test")
                let row = try await begin(number)
                #expect(row.id == "s\(number)")
                // Going on with it, as after a restart, does not count.
                #expect(try await begin(1_000).id == row.id)
                _ = try await rows.end(try await rows.live()[0])
                database.advance(by: .seconds(1))
            }
            let refused = await refusal(admission)
            #expect(refused == .tooManyStreams(retryAfter: 80))
            #expect(refused?.sentence.contains("80 seconds") == true && refused?.status.code == 429)
            await #expect(throws: PushRefusal.tooManyStreams(retryAfter: 80)) { try await begin(20) }
            #expect(try await rows.live().isEmpty)
            // Others are not held up, and one is free when the first is 100 s old.
            let other = StreamKeyHolder(keyID: "9", channelID: "9", channelName: "other")
            _ = try await rows.acquire(other, ladder: .standard, id: "o", lease: .seconds(10))
            database.advance(by: .seconds(80))
            _ = try await admission.admit(["good"], from: Self.here, over: "test")
            #expect(try await begin(20).id == "s20")
            // Who has a stream may go on with it, whatever the count.
            _ = try await admission.admit(["good"], from: Self.here, over: "test")
        }
    }
}
