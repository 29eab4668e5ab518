import AsyncHTTPClient
import Foundation
public import NIOCore

/// Segments as objects of a bucket, at Amazon S3 or whatever speaks its language.
///
/// A request that the service cannot serve now (5xx, 429, no answer) is tried again a few times with growing pauses;
/// then it fails, and whoever asked decides. What runs and what waits is bounded: see ``S3Settings``.
public struct S3SegmentStore: SegmentStore {
    private let client: S3Client
    private let reading: RequestGate
    private let changing: RequestGate

    /// - Parameters:
    ///   - group: event loops of the connections. Call ``shutdown()`` before it is shut down.
    public init(
        location: S3Location, credentials: S3Credentials, group: any EventLoopGroup,
        settings: S3Settings = S3Settings()
    ) {
        self.init(location: location, credentials: credentials, group: group, settings: settings) {
            Int64(Date().timeIntervalSince1970)
        }
    }

    /// - Parameter now: seconds since 1970; signatures are good for 15 minutes round it.
    init(
        location: S3Location, credentials: S3Credentials, group: any EventLoopGroup, settings: S3Settings,
        now: @escaping @Sendable () -> Int64
    ) {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .nanoseconds(settings.connectDeadline.wholeNanoseconds)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.maximumRunning * 2
        // Trying again is the client's own business here.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = S3Client(
            location: location, signature: SignatureV4(credentials: credentials, region: location.region),
            http: HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration),
            settings: settings, now: now)
        reading = RequestGate(maximumRunning: settings.maximumRunning, maximumWaiting: settings.maximumWaiting)
        changing = RequestGate(maximumRunning: settings.maximumRunning, maximumWaiting: settings.maximumWaiting)
    }

    /// Closes the connections; requests under way fail.
    public func shutdown() async throws { try await client.http.shutdown() }

    public func put(_ bytes: ByteBuffer, at key: String) async throws {
        try StoreKey.check(key)
        let metadata = S3Metadata(key)
        let request = S3Request(
            method: .put, key: key,
            fields: [("content-type", metadata.contentType), ("cache-control", metadata.cacheControl)], body: bytes)
        let answer = try await send(request, "write", through: changing)
        guard answer.status / 100 == 2 else { throw failure(answer, "write", key) }
    }

    public func get(_ key: String) async throws -> ByteBuffer? {
        try StoreKey.check(key)
        let answer = try await send(
            S3Request(method: .get, key: key, responseLimit: 64 << 20), "read", through: reading)
        if answer.status == 200 { return answer.body }
        // Not so for a bucket that is missing. Without an error's body it is the object.
        if answer.status == 404, [nil, "NoSuchKey"].contains(answer.errorCode) { return nil }
        throw failure(answer, "read", key)
    }

    public func remove(under prefix: String) async throws {
        try StoreKey.check(prefix)
        var last: String?
        while true {
            let page = try await objects(under: prefix, after: last, limit: 1000)
            try await delete(page.map(\.key))
            guard page.count == 1000 else { return }
            last = page.last?.key
        }
    }

    public func remove(_ keys: [String]) async throws {
        for key in keys { try StoreKey.check(key) }
        for start in stride(from: 0, to: keys.count, by: 1000) {
            try await delete(Array(keys[start..<min(start + 1000, keys.count)]))
        }
    }

    public func disk() async throws -> StoreDisk? { nil }

    /// - Parameter keys: 1000 at most.
    private func delete(_ keys: [String]) async throws {
        guard let first = keys.first else { return }
        let body = ByteBuffer(string: S3Listing.deletion(keys.map { client.location.prefix + $0 }))
        let request = S3Request(
            method: .post, key: "", query: [("delete", "")],
            fields: [("content-md5", SignatureV4.contentMD5(body)), ("content-type", "application/xml")], body: body)
        let answer = try await send(request, "remove", through: changing)
        // Some stores only remove one by one.
        if [405, 501].contains(answer.status) || answer.errorCode == "NotImplemented" {
            for key in keys { try await deleteOne(key) }
            return
        }
        guard answer.status == 200 else { throw failure(answer, "remove", first) }
        do {
            try S3Listing.checkDeletion(answer.body)
        } catch let failure as S3Listing.NotDeleted {
            throw SegmentStoreError.failed(operation: "remove", key: failure.key, reason: failure.code)
        } catch {
            throw SegmentStoreError.failed(operation: "remove", key: first, reason: "the answer cannot be read")
        }
    }

    private func deleteOne(_ key: String) async throws {
        let answer = try await send(S3Request(method: .delete, key: key), "remove", through: changing)
        guard answer.status / 100 == 2 || answer.errorCode == "NoSuchKey" else { throw failure(answer, "remove", key) }
    }

    func send(_ request: S3Request, _ operation: String, through gate: RequestGate? = nil) async throws -> S3Response {
        do {
            switch try await (gate ?? reading).pass({ try await client.send(request) }) {
            case .answer(let answer): return answer
            case .noAnswer(let reason):
                throw SegmentStoreError.failed(operation: operation, key: request.key, reason: reason)
            }
        } catch is RequestGate.Full {
            throw SegmentStoreError.busy(operation: operation, key: request.key)
        }
    }

    func failure(_ answer: S3Response, _ operation: String, _ key: String) -> SegmentStoreError {
        if answer.isFull {
            return .full(operation: operation, key: key, reason: "the service answered \(answer.status)")
        }
        if S3Retry.isTransient(status: answer.status, code: answer.errorCode) {
            return .failed(operation: operation, key: key, reason: "the service answered \(answer.status)")
        }
        return .refused(
            operation: operation, key: key, answer.refusal(bucket: client.location.bucket, now: client.now()))
    }

    var prefix: String { client.location.prefix }
}
