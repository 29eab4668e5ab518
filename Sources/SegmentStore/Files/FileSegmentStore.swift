import Foundation
public import NIOCore
import NIOFoundationCompat
public import NIOPosix

/// Segments as files below a folder.
public struct FileSegmentStore: SegmentStore {
    let root: URL
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
            let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw POSIXError.last }
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            do {
                try file.write(contentsOf: Data(buffer: bytes))
                try file.synchronize()
                try file.close()
                guard rename(temporary.path, url.path) == 0 else { throw POSIXError.last }
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
            } catch  where [EISDIR, ENOTDIR].contains(error.systemCode) {
                // A key that others go on from, or that goes on from one, is no object.
                return nil
            }
        }
    }

    public func remove(under prefix: String) async throws {
        let url = try url(prefix)
        try await run("remove", prefix) { try Self.removeIfThere(url) }
    }

    public func remove(_ keys: [String]) async throws {
        let urls = try keys.map(url)
        guard let first = keys.first else { return }
        let root = root
        try await run("remove", first) {
            for url in urls {
                try Self.removeIfThere(url)
                // Folders in which nothing is left go too; rmdir refuses all others.
                var folder = url.deletingLastPathComponent()
                while folder.path.hasPrefix(root.path + "/"), rmdir(folder.path) == 0 {
                    folder.deleteLastPathComponent()
                }
            }
        }
    }

    private static func removeIfThere(_ url: URL) throws {
        do {
            try FileManager.default.removeItem(at: url)
        } catch let error as CocoaError where error.code == .fileNoSuchFile || error.code == .fileReadNoSuchFile {
            return
        }
    }

    private func url(_ key: String) throws -> URL {
        try StoreKey.check(key)
        return root.appendingPathComponent(key)
    }

    func run<Value: Sendable>(
        _ operation: String, _ key: String, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        do {
            return try await threads.runIfActive(body)
        } catch {
            let reason = String(describing: error)
            if error.isOutOfRoom { throw SegmentStoreError.full(operation: operation, key: key, reason: reason) }
            throw SegmentStoreError.failed(operation: operation, key: key, reason: reason)
        }
    }
}

extension POSIXError {
    /// What the system call before this said.
    static var last: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}

extension Error {
    /// Whether a disk, or what one may use of it, is full.
    fileprivate var isOutOfRoom: Bool {
        (self as? CocoaError)?.code == .fileWriteOutOfSpace || [ENOSPC, EDQUOT].contains(systemCode)
    }

    /// `errno` of the system call behind it; 0 where there is none.
    fileprivate var systemCode: Int32 {
        if let error = self as? POSIXError { return error.code.rawValue }
        let error = self as NSError
        if error.domain == NSPOSIXErrorDomain { return Int32(clamping: error.code) }
        let cause = error.userInfo[NSUnderlyingErrorKey] as? any Error
        return cause.map(\.systemCode) ?? 0
    }
}
