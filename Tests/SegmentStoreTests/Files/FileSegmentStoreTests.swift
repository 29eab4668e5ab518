import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import SegmentStore

struct FileSegmentStoreTests {
    @Test func nothingIsLeftOfTemporaryNames() async throws {
        try await FileStore.with { store, folder in
            try await store.put(ByteBuffer(string: "one"), at: "s/aac-64/1-0.m4s")
            try await store.put(ByteBuffer(string: "two"), at: "s/aac-64/1-0.m4s")
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/s/aac-64")
            #expect(files == ["1-0.m4s"])
        }
    }

    /// In the system's words, without the name of a domain or the number of an error.
    @Test func failuresAreToldInWords() async throws {
        try await FileStore.with { _, folder in
            let file = folder.appending(path: "file")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data().write(to: file)
            let threads = NIOThreadPool(numberOfThreads: 1)
            threads.start()
            // Its folder cannot be made.
            let store = FileSegmentStore(root: file.path, threads: threads)
            let error = await #expect(throws: SegmentStoreError.self) {
                try await store.put(ByteBuffer(string: "one"), at: "s/1-0.m4s")
            }
            #expect(error?.description == "segment store: write s/1-0.m4s: Not a directory")
            try await threads.shutdownGracefully()
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

    /// Files of killed writers go, wherever they lie; those of writers that may still be at work, objects, and what is
    /// not ours stay.
    @Test func filesOfKilledWritersAreSwept() async throws {
        try await FileStore.with { store, folder in
            for key in ["probe", "s/index.json", "s/aac-64/1-0.m4s"] {
                try await store.put(ByteBuffer(string: "whole"), at: key)
            }
            let temporaries = [".probe", "s/.index.json", "s/aac-64/.1-1.m4s"].map { "\($0).\(UUID().uuidString)" }
            let others = [".keep", "s/.1-1.m4s.0", "s/aac-64/notes.\(UUID().uuidString)"]
            for name in temporaries + others { try Data("half".utf8).write(to: folder.appending(path: name)) }
            func remain(_ names: [String]) -> [String] {
                names.filter { FileManager.default.fileExists(atPath: folder.appending(path: $0).path) }
            }
            #expect(try await store.removeTemporaries(olderThan: .seconds(600)) == 0)
            #expect(remain(temporaries) == temporaries)
            #expect(try await store.removeTemporaries(olderThan: .zero) == 3)
            #expect(remain(temporaries) == [])
            #expect(remain(others) == others)
            #expect(remain(["probe", "s/index.json", "s/aac-64/1-0.m4s"]).count == 3)
            #expect(try await store.removeTemporaries(olderThan: .zero) == 0)
        }
    }

    /// What `put` names a file is what the sweep looks for.
    @Test func temporaryNamesAreKnownAgain() {
        #expect(FileSegmentStore.isTemporary(FileSegmentStore.temporaryName(for: "1-0.m4s")))
        for name in ["1-0.m4s", ".1-0.m4s", ".", "..", "", ".\(UUID().uuidString)", "1.\(UUID().uuidString)"] {
            #expect(!FileSegmentStore.isTemporary(name), "\(name)")
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

    /// What lies where an object or a folder has to be is moved aside; nothing is lost and nothing is in the way.
    @Test func obstaclesAreMovedAside() async throws {
        try await FileStore.with { store, folder in
            try await store.put(ByteBuffer(string: "x"), at: "s/index.json/inside.m4s")
            try await store.put(ByteBuffer(string: "one"), at: "s/index.json")
            #expect(try await store.get("s/index.json") == ByteBuffer(string: "one"))
            try await store.put(ByteBuffer(string: "a file"), at: "s/flac")
            try await store.put(ByteBuffer(string: "two"), at: "s/flac/1-0.m4s")
            #expect(try await store.get("s/flac/1-0.m4s") == ByteBuffer(string: "two"))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/s").sorted()
            #expect(names.count == 4 && names.count { $0.contains(".damaged-") } == 2, "\(names)")
        }
    }

    /// Neither waited for for ever nor taken for an object that is not there.
    @Test func whatCannotBeReadIsDamaged() async throws {
        try await FileStore.with { store, folder in
            try await store.put(ByteBuffer(string: "x"), at: "s/flac/1-0.m4s")
            let pipe = folder.appending(path: "s/pipe.m4s").path
            guard mkfifo(pipe, 0o600) == 0 else { throw POSIXError(.EIO) }
            try FileManager.default.createSymbolicLink(
                atPath: folder.appending(path: "s/loop.m4s").path, withDestinationPath: "loop.m4s")
            for key in ["s/pipe.m4s", "s/loop.m4s"] {
                let error = await #expect(throws: SegmentStoreError.self) { try await store.get(key) }
                #expect(error.map(RecordingIndex.isDamage) == true, "\(key): \(String(describing: error))")
                let other = try await store.setAside(key)
                #expect(SegmentKey.isSetAside(other))
                #expect(try await store.get(key) == nil)
            }
        }
    }
}
