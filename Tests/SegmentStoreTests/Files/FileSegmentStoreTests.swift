import Foundation
import NIOCore
import SegmentStore
import Testing

struct FileSegmentStoreTests {
    @Test func nothingIsLeftOfTemporaryNames() async throws {
        try await FileStore.with { store, folder in
            try await store.put(ByteBuffer(string: "one"), at: "s/aac-64/1-0.m4s")
            try await store.put(ByteBuffer(string: "two"), at: "s/aac-64/1-0.m4s")
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/s/aac-64")
            #expect(files == ["1-0.m4s"])
        }
    }

    /// What a killed process left half written is no object.
    @Test func unfinishedFilesAreNotListed() async throws {
        try await FileStore.with { store, folder in
            try await store.put(ByteBuffer(string: "one"), at: "s/aac-64/1-0.m4s")
            try Data("half".utf8).write(to: folder.appending(path: "s/aac-64/.1-1.m4s.0"))
            try Data("x".utf8).write(to: folder.appending(path: "notes.txt"))
            #expect(try await store.objects(under: "s", after: nil, limit: 9).map(\.key) == ["s/aac-64/1-0.m4s"])
            #expect(try await store.streams() == ["s"])
        }
    }

    @Test func theDiskIsMeasuredAlsoBeforeTheFolderIsThere() async throws {
        try await FileStore.with { store, _ in
            let disk = try #require(try await store.disk())
            #expect(disk.capacityBytes > 0)
            #expect(disk.availableBytes >= 0 && disk.availableBytes <= disk.capacityBytes)
            #expect((0...1).contains(disk.usedRatio))
        }
        #expect(StoreDisk(capacityBytes: 1000, availableBytes: 150).usedRatio == 0.85)
        #expect(StoreDisk(capacityBytes: 0, availableBytes: 0).usedRatio == 0)
    }
}
