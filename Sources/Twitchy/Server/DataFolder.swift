import Foundation

/// The folder of databases and segments, locked for as long as the process lives.
final class DataFolder: Sendable {
    let path: String
    private let lock: FileHandle

    /// - Parameter patience: another server may have the folder for as long as one that was killed needs to disappear.
    /// - Throws: `Failure` with code 69 when another server has it.
    init(_ path: String, patience: Duration = .zero) throws {
        self.path = try Self.make(path)
        let file = path + "/lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(
                code: Failure.unavailable, description: "--data \(path): cannot be written to (\(FileProblem.last))")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let deadline = ContinuousClock.now + patience
        // Unlike a record lock this one is held by whoever has the descriptor: a supervisor and its servers.
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    code: Failure.unavailable,
                    description:
                        "--data \(path) belongs to another server that is running: stop it, or choose another folder")
            }
            usleep(20_000)
        }
        lock = handle
    }

    /// A folder whose lock was inherited.
    init(_ path: String, lock descriptor: CInt) {
        self.path = path
        lock = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    var descriptor: CInt { lock.fileDescriptor }

    /// Makes the folder unless it is there.
    static func make(_ path: String) throws -> String {
        if let problem = FileProblem.makingFolder(path) {
            throw Failure(
                code: Failure.unavailable, description: "--data \(path): cannot be made or used (\(problem))")
        }
        return path
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}
