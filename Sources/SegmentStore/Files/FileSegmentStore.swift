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
        try await run("write", key) { [root] in
            let folder = url.deletingLastPathComponent()
            try Self.makeFolder(folder, below: root)
            // A name that no reader asks for, then fsync, then rename: a crash leaves the old object or the new one.
            let temporary = folder.appendingPathComponent(Self.temporaryName(for: url.lastPathComponent))
            let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw POSIXError.last }
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            do {
                try file.write(contentsOf: Data(buffer: bytes))
                try file.synchronize()
                try file.close()
                try Self.move(temporary, to: url)
            } catch {
                unlink(temporary.path)
                throw error
            }
        }
    }

    public func get(_ key: String) async throws -> ByteBuffer? {
        let url = try url(key)
        return try await run("read", key) {
            // Without waiting for a writer, should it be a pipe.
            let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else {
                let error = POSIXError.last
                // A key that goes on from an object is none.
                if [ENOENT, ENOTDIR].contains(error.systemCode) { return nil }
                if Self.isDamage(error) { throw SegmentStoreError.damaged(key: key, reason: error.inWords) }
                throw error
            }
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw POSIXError.last }
            switch status.st_mode & S_IFMT {
            case S_IFREG: break
            // Nor is one that others go on from.
            case S_IFDIR: return nil
            default: throw SegmentStoreError.damaged(key: key, reason: "it is no file")
            }
            do {
                return ByteBuffer(data: try file.readToEnd() ?? Data())
            } catch  where Self.isDamage(error) {
                throw SegmentStoreError.damaged(key: key, reason: error.inWords)
            }
        }
    }

    public func setAside(_ key: String) async throws -> String {
        let other = SegmentKey.setAside(key)
        let (from, to) = (try url(key), try url(other))
        try await run("set aside", key) {
            guard rename(from.path, to.path) == 0 || errno == ENOENT else { throw POSIXError.last }
        }
        return other
    }

    /// What does not pass by itself: somebody took the right to read it away, or the disk cannot read it any more.
    private static func isDamage(_ error: any Error) -> Bool { [EACCES, EPERM, EIO, ELOOP].contains(error.systemCode) }

    /// Puts a file into its place, and a folder that is there out of it.
    private static func move(_ file: URL, to url: URL) throws {
        if rename(file.path, url.path) == 0 { return }
        guard [EISDIR, ENOTEMPTY, EEXIST].contains(errno) else { throw POSIXError.last }
        let other = url.deletingLastPathComponent()
            .appendingPathComponent(SegmentKey.setAside(url.lastPathComponent))
        guard rename(url.path, other.path) == 0, rename(file.path, url.path) == 0 else { throw POSIXError.last }
    }

    /// Makes a folder for objects, and puts files that are in its place out of it.
    private static func makeFolder(_ folder: URL, below root: URL) throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            var obstacle = folder
            var status = stat()
            while obstacle.path.hasPrefix(root.path + "/"), lstat(obstacle.path, &status) != 0 {
                obstacle.deleteLastPathComponent()
            }
            guard obstacle.path.hasPrefix(root.path + "/"), status.st_mode & S_IFMT != S_IFDIR else { throw error }
            let other = obstacle.deletingLastPathComponent()
                .appendingPathComponent(SegmentKey.setAside(obstacle.lastPathComponent))
            guard rename(obstacle.path, other.path) == 0 else { throw POSIXError.last }
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
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
        } catch let error as SegmentStoreError {
            throw error
        } catch {
            if error.isOutOfRoom { throw SegmentStoreError.full(operation: operation, key: key, reason: error.inWords) }
            throw SegmentStoreError.failed(operation: operation, key: key, reason: error.inWords)
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

    /// What the system says of it.
    fileprivate var inWords: String {
        systemCode == 0 ? (self as NSError).localizedDescription : String(cString: strerror(systemCode))
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
