import Foundation

/// The folder of databases and segments, locked for as long as the process lives.
final class DataFolder: Sendable {
    let path: String
    private let lock: FileHandle

    /// - Throws: `Failure` with code 69 when another server has it.
    init(_ path: String) throws {
        self.path = try Self.make(path)
        let file = path + "/lock"
        let exists =
            FileManager.default.fileExists(atPath: file)
            || FileManager.default.createFile(
                atPath: file, contents: nil, attributes: [.posixPermissions: 0o600])
        guard exists, let handle = FileHandle(forUpdatingAtPath: file) else {
            throw Failure(code: Failure.unavailable, description: "--data \(path): cannot be written to")
        }
        guard lockf(handle.fileDescriptor, Int32(F_TLOCK), 0) == 0 else {
            throw Failure(
                code: Failure.unavailable,
                description:
                    "--data \(path) belongs to another server that is running: stop it, or choose another folder")
        }
        lock = handle
    }

    /// Makes the folder unless it is there.
    static func make(_ path: String) throws -> String {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(code: Failure.unavailable, description: "--data \(path): cannot be made or used")
        }
        return path
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}
