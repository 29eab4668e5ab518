import Foundation
import NIOCore
import NIOPosix
import S3Testing
import SegmentStore
import Telemetry
import Testing

/// The two implementations, each empty and its own.
enum StoreUnderTest: String, CaseIterable, CustomTestStringConvertible {
    case files
    case s3

    var testDescription: String { rawValue }

    func withStore(_ body: (any SegmentStore) async throws -> Void) async throws {
        switch self {
        case .files: try await FileStore.with { store, _ in try await body(store) }
        case .s3:
            let server = try await S3Server.shared.value
            // A prefix, so that nothing relies on the bucket being its own.
            try await S3Store.with(server.endpoint, bucket: try await server.makeBucket(), prefix: "/radio/one") {
                try await body($0)
            }
        }
    }
}

enum FileStore {
    static func with(_ body: (FileSegmentStore, URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "segments-\(UUID().uuidString)")
        let threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(FileSegmentStore(root: folder.path, threads: threads), folder))
        } catch {
            outcome = .failure(error)
        }
        try await threads.shutdownGracefully()
        if FileManager.default.fileExists(atPath: folder.path) { try FileManager.default.removeItem(at: folder) }
        try outcome.get()
    }
}

enum S3Store {
    static let credentials = S3Credentials(accessKeyID: "test", secretAccessKey: Redacted("a-secret-of-tests"))

    /// Patient enough for a loaded machine, and quick where a test waits for a refusal.
    static var settings: S3Settings {
        var settings = S3Settings()
        settings.requestDeadline = .seconds(60)
        settings.connectDeadline = .seconds(30)
        settings.firstPause = .milliseconds(5)
        return settings
    }

    static func with(
        _ endpoint: String, bucket: String, prefix: String = "", settings: S3Settings = settings,
        _ body: (S3SegmentStore) async throws -> Void
    ) async throws {
        let store = S3SegmentStore(
            location: try S3Location(parsing: "s3://\(bucket)\(prefix)?endpoint=\(endpoint)"), credentials: credentials,
            group: .singletonMultiThreadedEventLoopGroup, settings: settings)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(store))
        } catch {
            outcome = .failure(error)
        }
        try await store.shutdown()
        try outcome.get()
    }
}
