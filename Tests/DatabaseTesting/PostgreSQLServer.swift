import Dispatch
public import Foundation
import Glibc

/// A PostgreSQL server of this process's own, on a free port of 127.0.0.1, with its data below the temporary folder.
///
/// It is watched by a shell that waits for the end of a pipe from this process: however this process ends, the server
/// ends too and its data is removed.
public final class PostgreSQLServer: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public static let password = "correct-horse"

    public let port: UInt16
    /// Where certificates and the like may be put; the server's user can read it.
    public let folder: URL
    private let data: URL
    private let settings: [String]
    // Closed when this process ends; nothing is ever written.
    private let lifeline: Pipe

    private static let starting = Task { try await PostgreSQLServer.started() }

    /// The server that all suites of this process share, each test in a schema of its own.
    public static func shared() async throws -> PostgreSQLServer { try await starting.value }

    /// A server of one test's own.
    /// - Parameter settings: such as `max_connections=10`.
    public static func started(_ settings: [String] = []) async throws -> PostgreSQLServer {
        var failures: [String] = []
        // Another process may take the port before the server does.
        for _ in 0..<5 {
            do {
                return try await PostgreSQLServer(settings)
            } catch let failure as Failure {
                failures.append(failure.description)
            }
        }
        throw Failure(description: failures.joined(separator: "\n"))
    }

    private init(_ settings: [String]) async throws {
        port = try Self.freePort()
        // Durability is what the engine's makers test; here it would only keep the disk busy.
        self.settings = ["fsync=off", "full_page_writes=off", "max_connections=400", "shared_buffers=32MB"] + settings
        folder = FileManager.default.temporaryDirectory.appending(path: "postgresql-\(UUID().uuidString)")
        data = folder.appending(path: "data")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        lifeline = Pipe()
        let output = Pipe()
        let process = Self.process(["supervise", data.path, "\(port)"] + self.settings)
        process.standardInput = lifeline
        process.standardOutput = output
        try process.run()
        // The script's own copies are all that may keep the pipes open.
        try lifeline.fileHandleForReading.close()
        try output.fileHandleForWriting.close()
        let answer = await Self.blocking { output.fileHandleForReading.availableData }
        guard String(decoding: answer, as: UTF8.self) == "ready\n" else {
            throw Failure(description: "PostgreSQL does not start on port \(port); the script's words are above")
        }
    }

    deinit {
        // The shell sees the end of the pipe and removes the data; certificates are left to this process.
        try? lifeline.fileHandleForWriting.close()
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] where name != "data" {
            try? FileManager.default.removeItem(at: folder.appending(path: name))
        }
    }

    public var url: String { url() }

    public func url(
        user: String = "twitchy", password: String = password, host: String = "127.0.0.1", database: String = "twitchy",
        options: String = ""
    ) -> String {
        "postgres://\(user):\(password)@\(host):\(port)/\(database)\(options.isEmpty ? "" : "?\(options)")"
    }

    /// Ends the server, breaking off what runs, as a crash does.
    public func stop() async throws { try await control(["stop", data.path, "immediate"]) }

    /// Starts it again on the same port with the same data.
    public func start(_ more: [String] = []) async throws {
        try await control(["start", data.path, "\(port)"] + settings + more)
    }

    /// The process id of the server, for signals.
    public func processID() throws -> Int32 {
        let file = data.appending(path: "cluster/postmaster.pid")
        let line = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").first
        guard let id = line.flatMap({ Int32(String($0)) }) else {
            throw Failure(description: "no process id in \(file)")
        }
        return id
    }

    /// Makes a file one that only the server's user can read.
    public static func giveToServer(_ file: URL) throws {
        guard chmod(file.path, 0o600) == 0 else { throw Failure(description: "no chmod of \(file.path)") }
        guard getuid() == 0 else { return }
        guard let user = getpwnam("postgres"), chown(file.path, user.pointee.pw_uid, user.pointee.pw_gid) == 0 else {
            throw Failure(description: "no user postgres to whom \(file.path) could be given")
        }
    }

    private func control(_ arguments: [String]) async throws {
        let process = Self.process(arguments)
        process.standardInput = FileHandle.nullDevice
        // `waitUntilExit()` misses the exit now and then where several threads wait at a time.
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        guard status == 0 else { throw Failure(description: "postgresql.sh \(arguments[0]) exited with \(status)") }
    }

    private static func process(_ arguments: [String]) -> Process {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = root.appending(path: "scripts/postgresql.sh")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["POSTGRESQL_PASSWORD": password], uniquingKeysWith: { $1 })
        return process
    }

    private static func blocking<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: body()) }
        }
    }

    /// A port that nobody has at the moment.
    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard result else { throw Failure(description: "no free port") }
        return UInt16(bigEndian: address.sin_port)
    }
}
