import Foundation
import GRDB

/// What SQLite itself would not mind: a file of 0 bytes, or none beside its write-ahead log, is a new database to it, and
/// whatever was in there would be gone without a word.
enum SQLiteFile {
    /// Larger files are not read through at the start; what is damaged in them is found when it is read.
    private static let checkedAtMost = 32 << 20

    /// Makes the file if there is none, so that it never is there without its first page. Before anything else opens it:
    /// whatever makes it empty would have it refused.
    static func prepare(_ path: String) throws {
        func refuse(_ reason: String) -> SQLError { SQLError(.damaged, "\(path): \(reason)") }
        guard let size = try byteCount(path) else {
            guard try byteCount(path + "-wal") ?? 0 == 0 else {
                throw refuse("the file is missing, though its write-ahead log is there")
            }
            return try make(path)
        }
        if size == 0 { throw refuse("the file is empty") }
    }

    /// Before the pool opens it, which writes to it so as to have a write-ahead log.
    /// - Throws: `SQLError` with the first thing that is wrong; `DatabaseError` where SQLite itself does not take it.
    static func check(_ path: String, _ configuration: Configuration) throws {
        guard let size = try byteCount(path), size <= checkedAtMost else { return }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let found = try queue.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") } ?? "no answer"
        try queue.close()
        guard found == "ok" else {
            throw SQLError(.damaged, "\(path): \(found.split(separator: "\n").joined(separator: " "))")
        }
    }

    /// Bytes; nil where there is no file.
    /// - Throws: `SQLError` for what is no file.
    private static func byteCount(_ path: String) throws -> Int? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SQLError(.damaged, "\(path): it is no file") }
        return Int(status.st_size)
    }

    /// Another process may make it at the same time: then that one's counts.
    private static func make(_ path: String) throws {
        let temporary = "\(path).new-\(UUID().uuidString)"
        defer { unlink(temporary) }
        do {
            let queue = try DatabaseQueue(path: temporary)
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
            try queue.close()
            chmod(temporary, 0o600)
        } catch let error as DatabaseError {
            throw SQLError(error, path: path)
        }
        guard link(temporary, path) == 0 || errno == EEXIST else {
            throw SQLError(.unavailable, "\(path): \(String(cString: strerror(errno)))")
        }
    }
}
