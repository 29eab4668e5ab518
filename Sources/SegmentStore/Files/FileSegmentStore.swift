import Foundation
public import NIOCore
import NIOFoundationCompat
public import NIOPosix

/// Segments as files below a folder.
public struct FileSegmentStore: SegmentStore {
    private let root: URL
    private let threads: NIOThreadPool

    /// - Parameter threads: runs the blocking calls; already started.
    public init(root: String, threads: NIOThreadPool) {
        self.root = URL(fileURLWithPath: root, isDirectory: true)
        self.threads = threads
    }

    public func put(_ bytes: ByteBuffer, at key: String) async throws {
        let url = try url(key)
        try await run("write", key) {
            let folder = url.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            // A name that no reader asks for, then fsync, then rename: a crash leaves the old object or the new one.
            let temporary = folder.appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString)")
            guard FileManager.default.createFile(atPath: temporary.path, contents: nil) else {
                throw CocoaError(.fileWriteUnknown)
            }
            do {
                let file = try FileHandle(forWritingTo: temporary)
                try file.write(contentsOf: Data(buffer: bytes))
                try file.synchronize()
                try file.close()
                guard rename(temporary.path, url.path) == 0 else {
                    throw CocoaError(.fileWriteUnknown)
                }
            } catch {
                unlink(temporary.path)
                throw error
            }
        }
    }

    public func get(_ key: String) async throws -> ByteBuffer? {
        let url = try url(key)
        return try await run("read", key) {
            do {
                return ByteBuffer(data: try Data(contentsOf: url))
            } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
                return nil
            }
        }
    }

    public func remove(under prefix: String) async throws {
        let url = try url(prefix)
        try await run("remove", prefix) {
            do {
                try FileManager.default.removeItem(at: url)
            } catch let error as CocoaError where error.code == .fileNoSuchFile {
                return
            }
        }
    }

    private func url(_ key: String) throws -> URL {
        let components = key.split(separator: "/", omittingEmptySubsequences: false)
        let isSound = components.allSatisfy { component in
            !component.isEmpty && !component.hasPrefix(".")
                && component.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                        UInt8(ascii: "."):
                        true
                    default: false
                    }
                }
        }
        guard isSound else { throw SegmentStoreError.invalidKey(key) }
        return root.appendingPathComponent(key)
    }

    private func run<Value: Sendable>(
        _ operation: String, _ key: String, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        do {
            return try await threads.runIfActive(body)
        } catch {
            throw SegmentStoreError.failed(operation: operation, key: key, reason: String(describing: error))
        }
    }
}
