import DatabaseTesting
import Events
import HLS
import HTTPService
import Logging
import NIOCore
import NIOPosix
import Persistence
import SegmentStore
import Synchronization
import Telemetry
import Testing

@testable import Origin

/// Playlists of recordings are rendered once a version and shared, away from the threads of live playback.
@Suite(.timeLimit(.minutes(20))) struct RecordingPlaylistsTests {
    /// A store with one index, of which reads are counted.
    private final class IndexStore: SegmentStore {
        private let state: Mutex<(index: RecordingIndex?, reads: Int)>

        init(_ index: RecordingIndex) { state = Mutex((index, 0)) }

        var reads: Int { state.withLock { $0.reads } }

        func set(_ index: RecordingIndex?) { state.withLock { $0.index = index } }

        func get(_ key: String) async throws -> ByteBuffer? {
            try state.withLock { state in
                state.reads += 1
                guard let index = state.index, key == SegmentKey.index(stream: index.stream) else { return nil }
                return try index.encoded()
            }
        }

        func put(_ bytes: ByteBuffer, at key: String) async throws {}
        func remove(under prefix: String) async throws {}
        func remove(_ keys: [String]) async throws {}
        func streams() async throws -> [String] { [] }
        func objects(under prefix: String, after key: String?, limit: Int) async throws -> [StoredObject] { [] }
        func disk() async throws -> StoreDisk? { nil }
    }

    /// Twelve hours, with a date a minute.
    private static func index(segments: UInt64 = 22_500, isComplete: Bool = true) -> RecordingIndex {
        var index = RecordingIndex(
            stream: "s1",
            renditions: [.init(name: "aac-64", codecs: "mp4a.40.2", peakBitRate: 70_000, averageBitRate: 64_000)])
        index.epochs = [
            .init(
                number: 1, firstMediaSequence: 0, discontinuitySequence: 0, segmentCount: segments,
                lastSegmentSamples: 92_160,
                dates: stride(from: UInt64(0), to: segments, by: 32).map {
                    .init(segment: $0, dateMicroseconds: 1_700_000_000_000_000 + Int64($0) * 1_920_001)
                })
        ]
        index.isComplete = isComplete
        return index
    }

    private struct Scene {
        let store: IndexStore
        let playlists: RecordingPlaylists
        let work = LongWork(cores: 2)
        let registry = MetricsRegistry()

        init(_ index: RecordingIndex, database: any Database) {
            store = IndexStore(index)
            let directory = StreamDirectory(database: database)
            directory.apply(
                .streamStarted(
                    StreamState(
                        streamID: "s1", channelID: "7", channelName: "radio", epoch: 1,
                        startedAt: Timestamp(milliseconds: 1), ladder: [])))
            playlists = RecordingPlaylists(
                store: store, directory: directory, settings: OriginSettings(), work: work,
                metrics: OriginMetrics(registry), logger: Logger(label: "test"))
        }

        func recording() async -> HTTPResponse {
            await answer(playlists.playlist(channel: "radio", stream: "s1", rendition: "aac-64"))
        }

        func rewind() async -> HTTPResponse {
            await answer(playlists.rewind(channel: "radio", stream: "s1", rendition: "aac-64"))
        }

        func answer(_ answer: HTTPAnswer) async -> HTTPResponse {
            switch answer {
            case .response(let response): return response
            case .async(let function): return await function()
            default:
                Issue.record("neither at once nor by a function")
                return HTTPResponse(status: .internalServerError)
            }
        }

        var renderings: Int {
            let name = "twitchy_origin_recording_renderings_total "
            let line = registry.renderPrometheusText().split(separator: "\n").first { $0.hasPrefix(name) }
            return line.flatMap { Int($0.dropFirst(name.count)) } ?? 0
        }
    }

    private func withScene(
        _ index: RecordingIndex, _ body: @Sendable (Scene) async throws -> Void
    ) async throws {
        try await DatabaseEngine.sqlite.withDatabase([Inbox.schema, OriginSchema.schema]) { database async throws in
            let scene = Scene(index, database: database)
            scene.work.start()
            defer { scene.work.shutDown() }
            try await body(scene)
        }
    }

    /// Forty connections want the playlist of twelve hours, over and over, while one asks for the live playlist: that is
    /// answered on its loop all the while, and the long one is rendered once.
    @Test func livePlaylistsAreAnsweredWhileManyAskForALongRecording() async throws {
        try await withScene(Self.index()) { scene in
            let hub = StreamHub(stream: "s2", settings: OriginSettings())
            var maker = BundleMaker()
            for bundle in maker.next(30) { hub.add(bundle) }
            hub.caughtUp()
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let responder = HTTPResponderFunction { request, context in
                request.path == "/live"
                    ? hub.playlist(rendition: "aac-64", directives: DeliveryDirectives(), on: context.eventLoop)
                    : scene.playlists.playlist(channel: "radio", stream: "s1", rendition: "aac-64")
            }
            let server = HTTPServer(
                host: "127.0.0.1", port: 0, group: group, responders: [responder], logger: Logger(label: "test"))
            let port = try await server.start()
            let lengths = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for _ in 0..<40 { tasks.addTask { try await Self.fetch("/vod", port: port, on: group, times: 3) } }
                for _ in 0..<20 {
                    #expect(try await Self.fetch("/live", port: port, on: group) > 500)
                    hub.add(maker.next())
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(lengths.count == 40)
            #expect(Set(lengths).count == 1 && (lengths.first ?? 0) > 3 * 1_000_000)
            #expect(scene.renderings == 1)
            await server.shutdown()
            try await group.shutdownGracefully()
        }
    }

    /// - Returns: bytes of all answers.
    private static func fetch(
        _ path: String, port: Int, on group: MultiThreadedEventLoopGroup, times: Int = 1
    ) async throws -> Int {
        let request =
            String(repeating: "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n", count: times - 1)
            + "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var count = 0
            for try await piece in inbound { count += piece.readableBytes }
            return count
        }
    }

    @Test func aRecordingIsRenderedOnceAVersion() async throws {
        try await withScene(Self.index(segments: 100)) { scene in
            let first = await scene.recording()
            #expect(first.status == .ok)
            #expect(String(buffer: first.body).contains("EXT-X-ENDLIST"))
            // Looked at again, and found the same.
            try await Task.sleep(for: .milliseconds(2100))
            let second = await scene.recording()
            #expect(scene.renderings == 1)
            #expect(scene.store.reads == 2)
            #expect(second.entityTag == first.entityTag && first.entityTag != nil)
            scene.store.set(Self.index(segments: 101))
            try await Task.sleep(for: .milliseconds(2100))
            let third = await scene.recording()
            #expect(scene.renderings == 2)
            #expect(third.entityTag != first.entityTag)
            // A recording that was removed is gone.
            scene.store.set(nil)
            try await Task.sleep(for: .milliseconds(2100))
            #expect(await scene.recording().status == .notFound)
        }
    }

    @Test func aRewindWindowIsRenderedOnceASegment() async throws {
        try await withScene(Self.index(segments: 5000, isComplete: false)) { scene in
            let first = await scene.rewind()
            // Two hours of it.
            #expect(String(buffer: first.body).contains("#EXT-X-MEDIA-SEQUENCE:1250\n"))
            for _ in 0..<3 {
                try await Task.sleep(for: .milliseconds(550))
                #expect(await scene.rewind().entityTag == first.entityTag)
            }
            #expect(scene.renderings == 1)
            scene.store.set(Self.index(segments: 5001, isComplete: false))
            try await Task.sleep(for: .milliseconds(550))
            #expect(String(buffer: await scene.rewind().body).contains("#EXT-X-MEDIA-SEQUENCE:1251\n"))
            #expect(scene.renderings == 2)
        }
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        try await withScene(Self.index(segments: 10)) { scene in
            let wrong = [
                scene.playlists.playlist(channel: "radio", stream: "s1", rendition: "flac"),
                scene.playlists.playlist(channel: "other", stream: "s1", rendition: "aac-64"),
                scene.playlists.playlist(channel: "radio", stream: "s9", rendition: "aac-64"),
                scene.playlists.master(channel: "other", stream: "s1"),
                scene.playlists.rewind(channel: "radio", stream: "s1", rendition: "flac"),
            ]
            for answer in wrong { #expect(await scene.answer(answer).status == .notFound) }
            #expect(await scene.answer(scene.playlists.master(channel: "radio", stream: "s1")).status == .ok)
            scene.store.set(nil)
            let early = scene.playlists.rewind(channel: "radio", stream: "s2", rendition: "aac-64")
            #expect(await scene.answer(early).status == .serviceUnavailable)
            #expect(scene.renderings == 1)
        }
    }

    /// The date of each segment is that of the newest correction before it.
    @Test func datesFollowTheirCorrections() throws {
        let index = Self.index(segments: 100, isComplete: true)
        let playlist = index.playlist(kind: .videoOnDemand, lastSamples: .max, prefix: "")
        for (number, segment) in playlist.segments.enumerated() {
            let date = index.epochs[0].dateMicroseconds(ofSegment: UInt64(number))
            #expect(segment.dateMilliseconds == date / 1000)
        }
    }
}
