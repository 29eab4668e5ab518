import Foundation
import Logging
import MessageBus
import NIOCore
import NIOPosix
import SegmentStore
import Telemetry
import Testing

@testable import Transcoder

/// A live stream while the disk of its store is full.
@Suite(.timeLimit(.minutes(20))) struct FullDiskTests {
    /// Playback goes on, nothing half-written is taken for a segment, the disk is told of, and the recording catches up
    /// when room is made.
    @Test func theStreamGoesOnAndTheRecordingCatchesUp() async throws {
        try await SmallDisk.with { disk in
            let scene = StoreScene()
            try await scene.declare()
            let filler = disk.folder.appending(path: "filler")
            try disk.fill(filler, leaving: 400_000)
            let outage = Outage("The store", logger: scene.log.logger)
            let watched = WatchedStore(disk.store) { error in
                if let error { outage.failed("\(error)") } else { outage.worked() }
            }
            let worker = try scene.worker("a", store: watched)
            let run = Task { try await worker.run() }
            try await scene.publish(try .flac(seconds: 30))
            let bundles = try await scene.bundles()
            #expect(bundles.count > 150)
            while scene.log.count(.warning, containing: "The store fails") == 0 {
                try await Task.sleep(for: .milliseconds(20))
            }
            let keeper = RecordingKeeper(
                store: disk.store, bus: scene.bus, rules: RecordingRules(),
                metrics: RecordingMetrics(scene.metrics), logger: scene.log.logger)
            try await keeper.sweep()
            #expect(scene.log.count(.warning, containing: "disk of the store is nearly full") == 1)
            try FileManager.default.removeItem(at: filler)
            try await run.value
            try await scene.check(disk.store, has: bundles)
            #expect(scene.log.count(.warning, containing: "no room is left") == 1)
            #expect(scene.log.count(.warning, containing: "The store fails") == 1)
            try await keeper.sweep()
            #expect(scene.log.count(.warning, containing: "disk of the store is nearly full") == 1)
            await scene.bus.shutdown()
        }
    }
}

/// A file store on a disk of 32 MB of its own: a tmpfs where these tests run as root, otherwise a folder whose files
/// are counted.
struct SmallDisk {
    static let bytes = 32 << 20

    let folder: URL
    let store: any SegmentStore

    static func with(_ body: (SmallDisk) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "disk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let isMounted =
            getuid() == 0 && (try? call("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", folder.path)) == 0
        let threads = NIOThreadPool(numberOfThreads: 4)
        threads.start()
        let files = FileSegmentStore(root: folder.appending(path: "segments").path, threads: threads)
        let store: any SegmentStore = isMounted ? files : CountedStore(files, folder: folder, limit: bytes)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(SmallDisk(folder: folder, store: store)))
        } catch {
            outcome = .failure(error)
        }
        try await threads.shutdownGracefully()
        if isMounted { _ = try call("umount", folder.path) }
        try FileManager.default.removeItem(at: folder)
        try outcome.get()
    }

    func fill(_ file: URL, leaving rest: Int) throws {
        try Data(count: Self.bytes - rest).write(to: file)
    }

    private static func call(_ program: String, _ arguments: String...) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}

/// Refuses what would make the folder larger than its limit.
private struct CountedStore: PassingStore {
    let store: any SegmentStore
    private let folder: URL
    private let limit: Int

    init(_ store: any SegmentStore, folder: URL, limit: Int) {
        self.store = store
        self.folder = folder
        self.limit = limit
    }

    private var used: Int {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.fileSizeKey])
        var sum = 0
        while let file = files?.nextObject() as? URL {
            sum += (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
        }
        return sum
    }

    func put(_ bytes: ByteBuffer, at key: String) async throws {
        guard used + bytes.readableBytes <= limit else {
            throw SegmentStoreError.full(operation: "write", key: key, reason: "over its quota")
        }
        try await store.put(bytes, at: key)
    }

    func disk() async throws -> StoreDisk? {
        StoreDisk(capacityBytes: Int64(limit), availableBytes: Int64(limit - used))
    }
}
