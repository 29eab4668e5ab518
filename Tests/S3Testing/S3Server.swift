import AsyncHTTPClient
public import Foundation
import NIOCore
import NIOHTTP1

/// An S3 service for tests: moto's server in a process of its own, on a free port, ended with this process.
///
/// `TWITCHY_TEST_PYTHON` names a Python interpreter that has the packages of `scripts/python-requirements.txt`; without
/// it the one that `scripts/prepare-tests.sh` makes is taken.
public final class S3Server: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// For example `http://127.0.0.1:40101`.
    public let endpoint: String

    /// Kept open: the server ends when its standard input does, thus also when this process is killed.
    private let input: Pipe
    private let process: Process

    /// The one that all tests of a process share, each with a bucket of its own.
    public static let shared = Task { try await S3Server.start() }

    private init(endpoint: String, input: Pipe, process: Process) {
        self.endpoint = endpoint
        self.input = input
        self.process = process
    }

    public static var python: URL {
        if let path = ProcessInfo.processInfo.environment["TWITCHY_TEST_PYTHON"] { return URL(fileURLWithPath: path) }
        return repository.appending(path: ".build-tools/venv/bin/python")
    }

    private static var repository: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    public static func start() async throws -> S3Server {
        let process = Process()
        process.executableURL = python
        process.arguments = [repository.appending(path: "Tests/S3Testing/serve.py").path]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let port = await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                var line = Data()
                while !line.contains(UInt8(ascii: "\n")) {
                    let data = output.fileHandleForReading.availableData
                    if data.isEmpty { break }
                    line += data
                }
                continuation.resume(
                    returning: Int(
                        String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)))
            }
        }
        guard let port else {
            throw Failure(
                description: "\(python.path) did not start moto's server; scripts/prepare-tests.sh installs it")
        }
        return S3Server(endpoint: "http://127.0.0.1:\(port)", input: input, process: process)
    }

    /// Ends the server and waits until it is gone.
    public func stop() async throws {
        try input.fileHandleForWriting.close()
        while process.isRunning { try await Task.sleep(for: .milliseconds(10)) }
    }

    /// - Returns: the name of a new, empty bucket.
    public func makeBucket() async throws -> String {
        let name = "bucket-\(UUID().uuidString.lowercased())"
        var request = HTTPClientRequest(url: "\(endpoint)/\(name)")
        request.method = .PUT
        request.headers.add(
            name: "authorization",
            value:
                "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        guard response.status == .ok else { throw Failure(description: "no bucket: \(response.status)") }
        return name
    }
}
