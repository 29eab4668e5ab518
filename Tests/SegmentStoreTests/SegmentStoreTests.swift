import Foundation
import NIOCore
import NIOPosix
import SegmentStore
import Testing

struct SegmentStoreTests {
    private func withStore(_ body: (FileSegmentStore, URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "segments-\(UUID().uuidString)")
        let threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        do {
            try await body(FileSegmentStore(root: folder.path, threads: threads), folder)
        } catch {
            Issue.record(error)
        }
        try await threads.shutdownGracefully()
        if FileManager.default.fileExists(atPath: folder.path) { try FileManager.default.removeItem(at: folder) }
    }

    @Test func objectsAreWrittenWholeAndReplaced() async throws {
        try await withStore { store, folder in
            #expect(try await store.get("s/aac-64/1-0.m4s") == nil)
            try await store.put(ByteBuffer(string: "one"), at: "s/aac-64/1-0.m4s")
            try await store.put(ByteBuffer(string: "two"), at: "s/aac-64/1-0.m4s")
            #expect(try await store.get("s/aac-64/1-0.m4s") == ByteBuffer(string: "two"))
            // Nothing is left of the temporary names.
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/s/aac-64")
            #expect(files == ["1-0.m4s"])
            try await store.put(ByteBuffer(string: "other"), at: "s2/index.json")
            try await store.remove(under: "s")
            try await store.remove(under: "s")
            #expect(try await store.get("s/aac-64/1-0.m4s") == nil)
            #expect(try await store.get("s2/index.json") == ByteBuffer(string: "other"))
        }
    }

    @Test(arguments: [
        "", "/", "a//b", "../etc/passwd", "s/../../x", ".hidden", "s/.x", "s/a b", "s/%2e", "s/\u{e9}", "s\\x",
    ])
    func strangeKeysAreRefused(key: String) async throws {
        try await withStore { store, _ in
            await #expect(throws: SegmentStoreError.self) { try await store.get(key) }
            await #expect(throws: SegmentStoreError.self) { try await store.put(ByteBuffer(), at: key) }
            await #expect(throws: SegmentStoreError.self) { try await store.remove(under: key) }
        }
    }

    @Test func namesAreThoseOfThePlaylists() {
        #expect(SegmentKey.segment(epoch: 2, mediaSequence: 41) == "2-41.m4s")
        #expect(SegmentKey.part(epoch: 2, mediaSequence: 41, part: 7) == "2-41.7.m4s")
        #expect(SegmentKey.initialization(epoch: 2) == "init-2.mp4")
        #expect(SegmentKey.object(stream: "s", rendition: "flac", name: "2-41.m4s") == "s/flac/2-41.m4s")
        #expect(SegmentKey.index(stream: "s") == "s/index.json")
    }

    @Test func indexArithmetic() throws {
        var index = RecordingIndex(stream: "s", renditions: [])
        #expect(index.nextMediaSequence == 0 && index.totalSamples == 0)
        index.epochs = [
            .init(
                number: 1, firstMediaSequence: 5, discontinuitySequence: 0, segmentCount: 40, lastSegmentSamples: 1000,
                dates: [
                    .init(segment: 0, dateMicroseconds: 1_000_000),
                    .init(segment: 32, dateMicroseconds: 62_450_000),
                ])
        ]
        #expect(index.nextMediaSequence == 45)
        #expect(index.totalSamples == 39 * 92_160 + 1000)
        let epoch = index.epochs[0]
        #expect(epoch.dateMicroseconds(ofSegment: 0) == 1_000_000)
        #expect(epoch.dateMicroseconds(ofSegment: 31) == 1_000_000 + 31 * 1_920_000)
        #expect(epoch.dateMicroseconds(ofSegment: 33) == 62_450_000 + 1_920_000)
        #expect(try RecordingIndex(decoding: index.encoded()) == index)
        #expect(throws: RecordingIndex.CodingFailure.self) { try RecordingIndex(decoding: ByteBuffer(string: "{}")) }
        index.version = 2
        #expect(throws: RecordingIndex.CodingFailure.self) { try RecordingIndex(decoding: index.encoded()) }
    }
}
