import AudioTimeline
import Foundation
import Logging
import MessageBus
import NIOCore
import NIOPosix
import SegmentStore
import Testing

@testable import Transcoder

/// What is stored of a stream was damaged while nobody looked: the stream goes on, and is recorded again.
@Suite(.timeLimit(.minutes(20))) struct DamagedIndexTests {
    enum Damage: String, CaseIterable, CustomTestStringConvertible {
        case empty, zeros, truncated, otherJSON, hugeNumbers, overflow, newerVersion, otherStream, otherRenditions
        case beyondAll, folder, pipe, withoutIndex

        var testDescription: String { rawValue }

        /// Whether something is left that can be set aside.
        var isSetAside: Bool { ![.folder, .withoutIndex, .beyondAll].contains(self) }

        func damage(_ file: URL) throws {
            let bytes = try Data(contentsOf: file)
            let text = String(decoding: bytes, as: UTF8.self)
            func write(_ replacement: String) throws { try Data(replacement.utf8).write(to: file) }
            func change(_ body: (inout RecordingIndex) -> Void) throws {
                var index = try RecordingIndex(decoding: ByteBuffer(bytes: bytes))
                body(&index)
                try Data(try index.encoded().readableBytesView).write(to: file)
            }
            switch self {
            case .empty: try write("")
            case .zeros: try Data(count: bytes.count).write(to: file)
            case .truncated: try bytes.prefix(bytes.count / 2).write(to: file)
            case .otherJSON: try write("[1, {\"epochs\": null}]")
            case .hugeNumbers:
                try write(text.replacing("\"firstMediaSequence\":0", with: "\"firstMediaSequence\":1e300"))
            case .overflow: try change { $0.epochs[0].firstMediaSequence = .max }
            case .newerVersion: try change { $0.version = 7 }
            case .otherStream: try change { $0.stream = "other" }
            case .otherRenditions: try change { $0.renditions.removeLast() }
            case .beyondAll: try change { $0.epochs[0].segmentCount += 1000 }
            case .folder:
                try FileManager.default.removeItem(at: file)
                try FileManager.default.createDirectory(
                    at: file.appending(path: "something"), withIntermediateDirectories: true)
            case .pipe:
                try FileManager.default.removeItem(at: file)
                guard mkfifo(file.path, 0o600) == 0 else { throw POSIXError(.EIO) }
            case .withoutIndex: try FileManager.default.removeItem(at: file)
            }
        }
    }

    /// The log is empty, as after a restart of `serve`: only the store tells where the stream was.
    @Test(arguments: Damage.allCases) func aStreamGoesOnBehindADiscontinuity(damage: Damage) async throws {
        try await withFiles { store, folder in
            let scene = StoreScene()
            try await scene.declare()
            try await play(epoch: 1, in: scene, store)
            let before = try await scene.bundles()
            let last = try #require(before.last { $0.isLastOfSegment })
            try damage.damage(folder.appending(path: "s/index.json"))

            let restarted = StoreScene()
            try await restarted.declare()
            try await play(epoch: 2, in: restarted, store)
            let bundles = try await restarted.bundles()
            let first = try #require(bundles.first)
            #expect(first.epoch == 2 && first.discontinuitySequence > last.discontinuitySequence)
            #expect(first.mediaSequence > last.mediaSequence, "\(first.mediaSequence) after \(last.mediaSequence)")
            // The recording has all that came since, and the media of before are where they were.
            let index = try await restarted.index(store)
            #expect(index.isComplete)
            let stored = index.epochs.filter { $0.number == 2 }
            #expect(stored.map(\.firstMediaSequence) == [first.mediaSequence])
            #expect(stored.last?.nextMediaSequence == bundles.last.map { $0.mediaSequence + 1 })
            #expect(try await store.get("s/flac/1-0.m4s") != nil)
            let warnings = restarted.log.count(.warning, containing: "A damaged index was set aside")
            #expect(warnings == (damage.isSetAside ? 1 : 0))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/s")
            let aside = names.filter { $0.hasPrefix("index.damaged-") }
            #expect(aside.count == ([.withoutIndex, .beyondAll].contains(damage) ? 0 : 1), "\(names)")
            // Where the index is simply gone, the recording of before is.
            let isGone = [.withoutIndex, .folder].contains(damage)
            #expect(restarted.log.count(.error, containing: " ") == (isGone ? 1 : 0))
        }
    }

    /// A worker that has the log needs no index: the recording of what the log still has is made again.
    @Test func anIndexThatIsDamagedUnderItsWriterIsWrittenAgain() async throws {
        let scene = StoreScene()
        try await scene.declare()
        let store = MemoryStore()
        let worker = try scene.worker("a", store: store)
        let run = Task { try await worker.run() }
        var maker = BatchMaker()
        try maker.push(try .flac(seconds: 6))
        for batch in maker.batches { try await scene.bus.publish(batch.encoded(), to: Topology.source("s")) }
        while store.objects["s/index.json"] == nil { try await Task.sleep(for: .milliseconds(10)) }
        try await store.put(ByteBuffer(string: "{"), at: "s/index.json")
        let published = maker.batches.count
        try maker.push(try .flac(seconds: 6), isNewConnection: false)
        maker.end()
        for batch in maker.batches[published...] {
            try await scene.bus.publish(batch.encoded(), to: Topology.source("s"))
        }
        try await run.value
        try await scene.check(store, has: try await scene.bundles())
        #expect(store.objects.keys.count { SegmentKey.isSetAside($0) } <= 1)
        await scene.bus.shutdown()
    }

    /// A store that does not answer at all, or refuses everything, keeps nobody waiting for long.
    @Test(arguments: [true, false]) func aStoreThatIsAwayDoesNotKeepAStreamDark(answers: Bool) async throws {
        let scene = StoreScene()
        try await scene.declare()
        let worker = try scene.worker("a", store: AbsentStore(answers: answers))
        var maker = BatchMaker(epoch: 3)
        try maker.push(try .flac(seconds: 4))
        maker.end()
        for batch in maker.batches { try await scene.bus.publish(batch.encoded(), to: Topology.source("s")) }
        let run = Task { try await worker.run() }
        let bundles = try await scene.bundles()
        // In 2023, and so behind whatever a stream can have had before.
        #expect(try #require(bundles.first).mediaSequence > 1_600_000_000 / 2)
        #expect(bundles.first?.discontinuitySequence == 2)
        #expect(scene.log.count(.warning, containing: "goes on at a number that follows from the time") == 1)
        run.cancel()
        _ = await run.result
        await scene.bus.shutdown()
    }

    /// One that cannot be read does not keep the rules from all others.
    @Test func theRulesGoOnBesideADamagedIndex() async throws {
        try await withFiles { store, folder in
            for name in ["a", "b", "c"] {
                var index = RecordingIndex(stream: name, renditions: [])
                index.epochs = [
                    .init(
                        number: 1, firstMediaSequence: 0, discontinuitySequence: 0, segmentCount: 1,
                        lastSegmentSamples: 92_160, dates: [.init(segment: 0, dateMicroseconds: 0)])
                ]
                index.isComplete = true
                index.keeping.isRecorded = name == "b"
                try await store.put(try index.encoded(), at: "\(name)/index.json")
                try await store.put(ByteBuffer(string: "x"), at: "\(name)/flac/1-0.m4s")
            }
            // It says that it is c's, and that c is to go.
            try FileManager.default.removeItem(at: folder.appending(path: "a/index.json"))
            try FileManager.default.copyItem(
                at: folder.appending(path: "c/index.json"), to: folder.appending(path: "a/index.json"))
            try FileManager.default.removeItem(at: folder.appending(path: "b/index.json"))
            guard mkfifo(folder.appending(path: "b/index.json").path, 0o600) == 0 else { throw POSIXError(.EIO) }
            let scene = StoreScene()
            let keeper = RecordingKeeper(
                store: store, bus: scene.bus, rules: RecordingRules(), metrics: RecordingMetrics(scene.metrics),
                logger: scene.log.logger)
            for _ in 1...2 { try await keeper.sweep() }
            #expect(try await store.streams() == ["a", "b"], "only c is over, unrecorded and readable")
            #expect(scene.log.count(.error, containing: "cannot be read") == 2)
        }
    }

    private func play(epoch: UInt32, in scene: StoreScene, _ store: any SegmentStore) async throws {
        let worker = try scene.worker("a", store: store)
        var maker = BatchMaker(epoch: epoch)
        try maker.push(try .flac(seconds: 6))
        // The first epoch ends as with a killed process: without an end.
        if epoch > 1 { maker.end() }
        for batch in maker.batches { try await scene.bus.publish(batch.encoded(), to: Topology.source("s")) }
        if epoch > 1 { return try await worker.run() }
        let run = Task { try await worker.run() }
        while try await store.index(of: "s").map({ $0.nextMediaSequence < 3 }) ?? true {
            try await Task.sleep(for: .milliseconds(20))
        }
        run.cancel()
        _ = await run.result
        try await scene.bus.append(MediaLogEntry.end(generation: 1).encoded(), to: Topology.media("s"))
    }

    private func withFiles(_ body: (FileSegmentStore, URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "damaged-\(UUID().uuidString)")
        let threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(FileSegmentStore(root: folder.path, threads: threads), folder))
        } catch {
            outcome = .failure(error)
        }
        try await threads.shutdownGracefully()
        try FileManager.default.removeItem(at: folder)
        try outcome.get()
    }
}

/// A store of which nothing is heard, or nothing good.
private struct AbsentStore: PassingStore {
    let store: any SegmentStore = MemoryStore()
    let answers: Bool

    func get(_ key: String) async throws -> ByteBuffer? {
        if !answers { try await Task.sleep(for: .seconds(3600)) }
        throw SegmentStoreError.failed(operation: "read", key: key, reason: "no route")
    }
}
