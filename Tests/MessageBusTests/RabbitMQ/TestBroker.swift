import Foundation
import ProxyTesting
import Testing

/// A RabbitMQ that this test process started with `scripts/rabbitmq.sh`: private ports, data below a temporary folder.
/// It ends with the process, however that ends: the script reads from a pipe that then closes.
final class TestBroker: Sendable {
    /// The one that most tests share. Takes about ten seconds to start, on a busy machine more.
    static let shared = Task { try await TestBroker(options: ["--tls"]) }

    let url: String
    private let folder: URL
    /// Kept open as long as the broker is to run.
    private let lifeline: Pipe

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(options: [String] = []) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "twitchy-rabbitmq-\(UUID().uuidString)")
        lifeline = Pipe()
        let output = Pipe()
        let process = Process()
        process.executableURL = Self.script
        process.arguments = ["run", folder.path, "--temporary"] + options
        process.standardInput = lifeline
        process.standardOutput = output
        try process.run()
        // It closes its output as soon as the broker takes connections.
        let line = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
                    })
            }
        }
        .trimmingCharacters(in: .whitespacesAndNewlines)
        guard line.hasPrefix("amqp://") else {
            throw Failure(description: "scripts/rabbitmq.sh did not start a broker; see its output")
        }
        url = line
    }

    /// The URL for TLS, of a broker that was started with `--tls`.
    var secureURL: String {
        get throws { try read("url-tls") }
    }

    /// The file of the authority that signed the broker's certificate.
    var authorityFile: String { folder.appending(path: "tls/ca.pem").path }

    /// Where it listens.
    var port: UInt16 {
        get throws { try #require(URLComponents(string: url)?.port.flatMap { UInt16(exactly: $0) }) }
    }

    /// Where it is behind a proxy.
    func url(through proxy: TCPProxy) throws -> String {
        url.replacing(":\(try port)/", with: ":\(proxy.port)/")
    }

    /// Kills the broker with SIGKILL and starts it again on the same ports, with its data or without.
    func restart(losingData: Bool = false) async throws {
        let process = try #require(Int32(try read("server.pid")))
        kill(process, SIGKILL)
        if losingData { try FileManager.default.removeItem(at: folder.appending(path: "mnesia")) }
        _ = try await run("start", folder.path)
    }

    /// `rabbitmqctl`.
    func control(_ arguments: String...) async throws -> String {
        try await run(["ctl", folder.path] + arguments)
    }

    func stop() throws {
        try lifeline.fileHandleForWriting.close()
    }

    private func run(_ arguments: String...) async throws -> String {
        try await run(arguments)
    }

    private func run(_ arguments: [String]) async throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = Self.script
        process.arguments = arguments
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        guard status == 0 else { throw Failure(description: "\(arguments) ended with \(status): \(text)") }
        return text
    }

    private func read(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static let script = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "scripts/rabbitmq.sh")
}
